"""Messages passed from site to site, and their gradient by hand.

    z_s = seen_s + W m_{s-1},   m_s = phi(z_s; k),   m_{-1} = 0

A step's tensors are small, so that calls are what it costs. All that autograd would do at each step
on the way back, but W' and the slope of phi, is done here for all steps at once.
"""

from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable


class Rule(Protocol):
    """phi, what a site tells its neighbour, ``(..., width, n)``, k ``(width, 1)``."""

    def tell(self, z: Tensor, k: Tensor, kept: Tensor, message: Tensor) -> Tensor:
        """Write phi(z; k) into ``message`` and what its slopes are made of into ``kept``."""
        ...

    def slopes(self, kept: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        """What `pull` needs, and d phi / dk, of all steps at once, ``(steps, width, n)``."""
        ...

    def pull(self, grad: Tensor, slope: Tensor, kept: Tensor, out: Tensor) -> Tensor:
        """Write the gradient by z into ``out``, ``grad`` being that by phi."""
        ...


class OfSpins:
    """phi(z) = atanh(k tanh z): half the log-odds that a spin of log-odds 2z tells; k = tanh(c)."""

    def tell(self, z: Tensor, k: Tensor, kept: Tensor, message: Tensor) -> Tensor:
        """Keep tanh z."""
        torch.tanh(z, out=kept)
        return torch.mul(kept, k, out=message).atanh_()

    def slopes(self, kept: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        """By z: k (1 - tanh² z) / (1 - k² tanh² z); by k: tanh z over the same."""
        told = kept * k
        of_k = told.mul_(told).neg_().add_(1).reciprocal_()
        slope = (kept * kept).sub_(1).mul_(of_k).mul_(-k)
        return slope, of_k.mul_(kept)

    def pull(self, grad: Tensor, slope: Tensor, kept: Tensor, out: Tensor) -> Tensor:
        """Channel by channel."""
        return torch.mul(grad, slope, out=out)


class OfStates:
    """phi(z) = log(1 + k softmax z): what a state of log-law z tells of each; k = e^c - 1."""

    def tell(self, z: Tensor, k: Tensor, kept: Tensor, message: Tensor) -> Tensor:
        """Keep softmax z."""
        torch.softmax(z, 0, out=kept)
        return torch.mul(kept, k, out=message).log1p_()

    def slopes(self, kept: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        """With p = softmax z: k p / (1 + k p), by k: p / (1 + k p)."""
        of_k = kept / (1 + k * kept)
        return k * of_k, of_k

    def pull(self, grad: Tensor, slope: Tensor, kept: Tensor, out: Tensor) -> Tensor:
        """The channels of a softmax share what goes into any of them."""
        torch.mul(grad, slope, out=out)
        return out.addcmul_(kept, out.sum(0, keepdim=True), value=-1)


# Unrolled by torch.compile the steps take minutes to compile and are several times slower.
@torch.compiler.disable()
def pass_messages(seen: Tensor, weight: Tensor, k: Tensor, first: int, rule: Rule) -> Tensor:
    """Messages of the recurrence above.

    Args:
        seen: what each step sees, ``(width, steps, n)``.
        weight: W, ``(width, width)``.
        k: ``(width, 1)``.
        first: step whose message is the first that is asked for.
        rule: phi.

    Returns:
        ``(width, steps - first, n)``.
    """
    return _PassMessages.apply(seen, weight, k, first, rule)  # pyright: ignore[reportReturnType]


class _PassMessages(Function):
    @staticmethod
    def forward(
        ctx: Any, seen: Tensor, weight: Tensor, k: Tensor, first: int, rule: Rule
    ) -> Tensor:
        seen = seen.transpose(0, 1)
        kept, messages = torch.empty(2, *seen.shape, dtype=seen.dtype, device=seen.device)
        z, before = torch.empty_like(kept[0]), None
        for seen_now, kept_now, message in zip(
            *map(torch.unbind, (seen, kept, messages)), strict=True
        ):
            now = seen_now if before is None else torch.addmm(seen_now, weight, before, out=z)
            before = rule.tell(now, k, kept_now, message)
        ctx.save_for_backward(weight, k, kept, messages)
        ctx.first, ctx.rule = first, rule
        return messages[first:].transpose(0, 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        weight, k, kept, messages = ctx.saved_tensors
        slope, of_k = ctx.rule.slopes(kept, k)
        by_message = torch.cat([torch.zeros_like(kept[: ctx.first]), grad.transpose(0, 1)])
        by_z, later = torch.empty_like(kept), None
        of_steps = zip(*map(torch.unbind, (by_message, slope, kept, by_z)), strict=True)
        for by_message_now, *now in reversed(list(of_steps)):
            if later is not None:
                by_message_now.addmm_(weight.T, later)
            later = ctx.rule.pull(by_message_now, *now)
        by_z = by_z.transpose(0, 1)
        by_weight = by_z[:, 1:].flatten(1) @ messages[:-1].transpose(0, 1).flatten(1).T
        by_k = of_k.mul_(by_message).sum((0, 2))[:, None]
        return by_z, by_weight, by_k, None, None
