"""A network on a long ring whose output i never sees input i, at a cost that hardly grows."""

import torch
from torch import Tensor, nn

from truescore.errors import UserError
from truescore.nets.layers import FilmSiLU, NoiseEmbedding, OddGate, check_shape, check_sites


class LeaveOneOutPyramid(nn.Module):
    """Two streams of dilated convolutions, of the sites before i and of those after, then a merge.

    A stream looks one way only. Before: h_0^i = phi(A (x^{i-1} .. x^{i-r})), r the radius, and

        h_{b+1}^i = h_b^i + phi(U h_b^i + V h_b^{i - 2^b r}; noise level),   b = 0 .. depth - 1,

    so that h_depth^i has seen the 2^depth r sites before i; after, the same in mirror image. Both
    are clipped to 2^depth r < d: no path comes around the ring to its own site. The streams meet in
    site-wise layers, where no sites are mixed: flipping x_i leaves output i the same to the bit.
    Half the ring each way, 2^depth r >= d/2, sees all of it. Translation symmetric.

    One stream is WaveNet's (van den Oord et al. 2016, arXiv 1609.03499); two with a merge are the
    hollow networks of Sun et al. 2023, arXiv 2211.16750.

    Sites are spins, or states shown as one-hot channels of ``n_symbols`` symbols.

    Args:
        dim: number of sites on the ring, at least 3.
        width: channels of a stream.
        radius: nearest sites of each side that are seen one by one; clipped to the ring.
        depth: dilations r, 2r .. 2^(depth-1) r of a stream; clipped to the ring.
        odd: of spins, build in f(-x) = -f(x), exactly, in one pass; states have no sign.
        reflection: build in f(x reversed) = f(x) reversed: the streams share their weights.
        n_symbols: m, channels of a noisy site; ``None`` for spins.
        n_states: q, logits of a clean site; ``None`` for spins.

    Attributes:
        reach: how many sites to either side an answer depends on.
    """

    def __init__(
        self,
        dim: int,
        width: int = 16,
        radius: int = 16,
        depth: int = 5,
        odd: bool = True,
        reflection: bool = False,
        n_symbols: int | None = None,
        n_states: int | None = None,
    ) -> None:
        super().__init__()
        if dim < 3 or min(width, radius, depth) < 1:
            raise UserError(
                f"got dim={dim}, width={width}, radius={radius}, depth={depth}, expected dim at"
                " least 3 and the others at least 1"
            )
        check_sites(n_symbols, n_states)
        odd = odd and n_states is None
        radius = min(radius, dim - 1)
        depth = min(depth, ((dim - 1) // radius).bit_length() - 1)
        self.dim = dim
        self.reach = 2**depth * radius
        self.n_symbols = n_symbols
        n_near = radius * (n_symbols or 1)
        self.activation = OddGate() if odd else FilmSiLU()
        self.before = Stream(width, radius, n_near, depth, not odd, self.activation)
        self.merge_before = nn.Linear(width, width, bias=not odd)
        if reflection:
            self.after, self.merge_after = self.before, self.merge_before
        else:
            self.after = Stream(width, radius, n_near, depth, not odd, self.activation)
            self.merge_after = nn.Linear(width, width, bias=not odd)
        self.mix = nn.Linear(width, width, bias=not odd)
        self.head = nn.Linear(width, n_states or 1, bias=not odd)
        self.embedding = NoiseEmbedding(width)
        self.film = nn.Linear(width, 2 * width * (depth + 3))

    def forward(self, x_t: Tensor, noise_level: Tensor) -> Tensor:
        """Map sites at noise levels ``(n,)`` to leave-one-out logits.

        Spins ``(n, d) -> (n, d)``; states ``(n, d, m) -> (n, d, q)``.
        """
        check_shape(x_t, self.dim, self.n_symbols)
        film = self.film(self.embedding(noise_level))[:, None]
        streams, merged = film.tensor_split([film.shape[-1] - 4 * self.mix.in_features], -1)
        before = self.before(x_t, streams, 1)
        after = self.after(x_t, streams, -1)
        a, b, c, d = merged.chunk(4, -1)
        h = before + after
        h = h + self.activation(self.merge_before(before) + self.merge_after(after), a, b)
        h = h + self.activation(self.mix(h), c, d)
        return self.head(h)[..., 0] if self.n_symbols is None else self.head(h)


class Stream(nn.Module):
    """What the sites on one side say, near and far.

    Args:
        width: channels.
        radius: sites that the first layer sees.
        n_near: channels of all of them.
        depth: number of dilations.
        bias: whether to add one; a network that is odd has none.
        activation: phi.
    """

    def __init__(
        self,
        width: int,
        radius: int,
        n_near: int,
        depth: int,
        bias: bool,
        activation: nn.Module,
    ) -> None:
        super().__init__()
        self.radius = radius
        self.near = nn.Linear(n_near, width, bias=bias)
        self.far = nn.ModuleList(nn.Linear(2 * width, width, bias=bias) for _ in range(depth))
        self.activation = activation

    def forward(self, x: Tensor, film: Tensor, step: int) -> Tensor:
        """Map ``(n, d)`` or ``(n, d, m)`` to ``(n, d, width)``: sites before (1) or after (-1)."""
        scales = film.chunk(2 * (len(self.far) + 1), -1)
        nearest = torch.stack([x.roll(step * k, 1) for k in range(1, self.radius + 1)], 2)
        h = self.activation(self.near(nearest.flatten(2)), scales[0], scales[1])
        for b, layer in enumerate(self.far):
            both = torch.cat([h, h.roll(step * self.radius * 2**b, 1)], -1)
            h = h + self.activation(layer(both), scales[2 * b + 2], scales[2 * b + 3])
        return h
