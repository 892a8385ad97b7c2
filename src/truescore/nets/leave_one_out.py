"""A network on a ring whose output i never sees input i, in one pass."""

import torch
from torch import Tensor, nn

from truescore.errors import UserError
from truescore.nets.layers import FilmSiLU, NoiseEmbedding, OddGate, check_shape, check_sites


class LeaveOneOutConv(nn.Module):
    """Circular convolution with its centre left out, then site-wise layers with FiLM on the noise.

    Only the first layer mixes sites, so output i depends on the sites within ``radius`` of i but
    not on site i: flipping x_i leaves output i the same to the bit. Translation symmetric.

    Sites are spins, or states shown as one-hot channels of ``n_symbols`` symbols.

    Args:
        dim: number of sites on the ring.
        width: channels.
        radius: reach of the convolution to either side; clipped to half the ring.
        depth: site-wise hidden layers.
        odd: of spins, build in f(-x) = -f(x), exactly, in one pass; states have no sign.
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
        depth: int = 2,
        odd: bool = True,
        n_symbols: int | None = None,
        n_states: int | None = None,
    ) -> None:
        super().__init__()
        if min(width, radius, depth) < 1:
            raise UserError(
                f"got width={width}, radius={radius}, depth={depth}, expected at least 1"
            )
        check_sites(n_symbols, n_states)
        odd = odd and n_states is None
        self.n_symbols = n_symbols
        radius = min(radius, (dim - 1) // 2)
        self.dim = dim
        self.radius = self.reach = radius
        self.gather = nn.Linear(2 * radius * (n_symbols or 1), width, bias=not odd)
        self.layers = nn.ModuleList(nn.Linear(width, width, bias=not odd) for _ in range(depth))
        self.head = nn.Linear(width, n_states or 1, bias=not odd)
        self.embedding = NoiseEmbedding(width)
        self.film = nn.Linear(width, 2 * width * (depth + 1))
        self.activation = OddGate() if odd else FilmSiLU()

    def forward(self, x_t: Tensor, noise_level: Tensor) -> Tensor:
        """Map sites at noise levels ``(n,)`` to leave-one-out logits.

        Spins ``(n, d) -> (n, d)``; states ``(n, d, m) -> (n, d, q)``.
        """
        check_shape(x_t, self.dim, self.n_symbols)
        film = self.film(self.embedding(noise_level))[:, None].chunk(2 * (len(self.layers) + 1), -1)
        h = self.activation(self.gather(windows(x_t, self.radius).flatten(2)), film[0], film[1])
        for k, layer in enumerate(self.layers, start=1):
            h = h + self.activation(layer(h), film[2 * k], film[2 * k + 1])
        return self.head(h)[..., 0] if self.n_symbols is None else self.head(h)


def windows(x: Tensor, radius: int) -> Tensor:
    """The sites within ``radius`` of each, its own left out, ``(n, d, ...) -> (n, d, 2r, ...)``."""
    ring = torch.cat([x[:, -radius:], x, x[:, :radius]], 1)
    around = ring.unfold(1, 2 * radius + 1, 1).movedim(-1, 2)
    return torch.cat([around[:, :, :radius], around[:, :, radius + 1 :]], 2)
