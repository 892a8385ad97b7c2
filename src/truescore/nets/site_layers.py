"""What the sites of a chain share: a convolution, a gate, and the gradients of both by hand.

Memory is what they cost, not arithmetic: autograd would write each intermediate on the way there
and read it on the way back. Where a compiler fuses, or autocast chooses the precision of each
operation, they are left to torch as they are written.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear, pad, silu


class SiteConv(nn.Module):
    """Convolution over three sites a dilation apart, zeros beyond the walls, channels last.

    Matrix products: on a CPU faster than a convolution this narrow.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        dilation: distance between the three sites.
        bias: whether to add one; a network that is odd has none.
        reflection: give both neighbours the same weights.
    """

    def __init__(
        self, in_channels: int, out_channels: int, dilation: int, bias: bool, reflection: bool
    ) -> None:
        super().__init__()
        self.dilation = dilation
        self.reflection = reflection
        self.linear = nn.Linear(3 * in_channels, out_channels, bias=bias)

    def forward(self, h: Tensor) -> Tensor:
        """Map ``(n, d, c)`` to ``(n, d, c')``."""
        before, centre, after = self.linear.weight.chunk(3, 1)
        if not self.reflection:
            sides = shifted(h, self.dilation), shifted(h, -self.dilation)
            stacked = torch.cat([sides[0], h, sides[1]], -1)
            return linear(stacked, self.linear.weight, self.linear.bias)
        answer = mirrored_conv(h, centre, (before + after) / 2, self.dilation)
        return answer if self.linear.bias is None else answer + self.linear.bias


def mirrored_conv(h: Tensor, centre: Tensor, side: Tensor, k: int) -> Tensor:
    """y_i = C h_i + S (h_{i-k} + h_{i+k}), zeros beyond the walls.

    Args:
        h: ``(n, d, c)``.
        centre: C, ``(c', c)``.
        side: S, ``(c', c)``.
        k: distance of the neighbours in sites.

    Returns:
        ``(n, d, c')``.
    """
    if _left_to_torch(h):
        return _mirrored_conv(h, centre, side, k)
    return _MirroredConv.apply(h, centre, side, k)  # pyright: ignore[reportReturnType]


def site_gate(h: Tensor, a: Tensor, b: Tensor, at_a: Tensor, at_b: Tensor) -> Tensor:
    """phi(h) = h sigmoid((a + at_a) |h| + b + at_b), odd in h.

    Args:
        h: ``(n, d, c)``.
        a: what the noise level says, ``(n, 1, c)``.
        b: the same.
        at_a: what the site says, ``(d, c)``.
        at_b: the same.

    Returns:
        ``(n, d, c)``.
    """
    if _left_to_torch(h):
        return _site_gate(h, a, b, at_a, at_b)
    return _SiteGate.apply(h, a, b, at_a, at_b)[0]  # pyright: ignore[reportReturnType, reportOptionalSubscript]


def site_silu(h: Tensor, a: Tensor, b: Tensor, at_a: Tensor, at_b: Tensor) -> Tensor:
    """phi(h) = SiLU((1 + a + at_a) h + b + at_b), shapes as in `site_gate`; without symmetry."""
    return silu(torch.addcmul(b + at_b, 1 + a + at_a, h))


def shifted(h: Tensor, k: int) -> Tensor:
    """h_{i-k} at site i, zeros beyond the walls; ``(n, d, c)``."""
    dim = h.shape[1]
    k = max(-dim, min(k, dim))
    return pad(h[:, :-k], (0, 0, k, 0)) if k > 0 else pad(h[:, -k:], (0, 0, 0, -k))


def _left_to_torch(h: Tensor) -> bool:
    return torch.compiler.is_compiling() or torch.is_autocast_enabled(h.device.type)


def _mirrored_conv(h: Tensor, centre: Tensor, side: Tensor, k: int) -> Tensor:
    return linear(h, centre) + linear(shifted(h, k) + shifted(h, -k), side)


def _site_gate(h: Tensor, a: Tensor, b: Tensor, at_a: Tensor, at_b: Tensor) -> Tensor:
    return h * torch.sigmoid(torch.addcmul(b + at_b, a + at_a, h.abs()))


def _both_neighbours(h: Tensor, k: int) -> Tensor:
    """h_{i-k} + h_{i+k}; as a matrix its own transpose."""
    both = shifted(h, k)
    both[:, :-k] += h[:, k:]
    return both


class _MirroredConv(Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(h: Tensor, centre: Tensor, side: Tensor, k: int) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        sites, neighbours = h.flatten(0, 1), _both_neighbours(h, k).flatten(0, 1)
        return (sites @ centre.T).addmm_(neighbours, side.T).unflatten(0, h.shape[:2])

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        *tensors, ctx.k = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        h, centre, side = ctx.saved_tensors
        neighbours = _both_neighbours(grad, ctx.k).flatten(0, 1)
        at_sites, sites = grad.flatten(0, 1), h.flatten(0, 1)
        by_h = None
        if ctx.needs_input_grad[0]:
            by_h = (at_sites @ centre).addmm_(neighbours, side).unflatten(0, h.shape[:2])
        return by_h, at_sites.T @ sites, neighbours.T @ sites, None

    @staticmethod
    def jvp(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, h_dot: Tensor, centre_dot: Tensor, side_dot: Tensor, _: None
    ) -> Tensor:
        h, centre, side = ctx.saved_tensors
        along_weights = _mirrored_conv(h, centre_dot, side_dot, ctx.k)
        return _mirrored_conv(h_dot, centre, side, ctx.k) + along_weights


class _SiteGate(Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        h: Tensor, a: Tensor, b: Tensor, at_a: Tensor, at_b: Tensor
    ) -> tuple[Tensor, Tensor]:
        open_part = h.abs().mul_(a + at_a).add_(at_b).add_(b).sigmoid_()
        return h * open_part, open_part

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, Tensor]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        (h, a, _, at_a, _), (_, open_part) = inputs, output
        ctx.mark_non_differentiable(open_part)
        ctx.save_for_backward(h, a, at_a, open_part)
        ctx.save_for_forward(*inputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        h, a, at_a, open_part = ctx.saved_tensors
        by_h = grad * open_part
        by_b = torch.ops.aten.sigmoid_backward(grad * h, open_part)
        of_b = by_b.sum(1, keepdim=True), by_b.sum(0)
        by_size = by_b.mul_(h.sgn())
        by_h.addcmul_(by_size, a + at_a)
        by_a = by_size.mul_(h)
        return by_h, by_a.sum(1, keepdim=True), of_b[0], by_a.sum(0), of_b[1]

    @staticmethod
    def jvp(ctx: Any, *dots: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        h, a, b, at_a, at_b = ctx.saved_tensors
        h_dot, a_dot, b_dot, at_a_dot, at_b_dot = dots
        # Made anew from what was given, so that a loss of this slope has a gradient.
        slope, size = a + at_a, h.abs()
        open_part = torch.sigmoid(slope * size + b + at_b)
        inner = slope * h.sgn() * h_dot + (a_dot + at_a_dot) * size + b_dot + at_b_dot
        return open_part * (h_dot + h * (1 - open_part) * inner), None
