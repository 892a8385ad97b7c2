"""A perceptron of residual blocks that the noise level modulates."""

from torch import Tensor, nn

from truescore.errors import UserError
from truescore.nets.layers import FilmSiLU, NoiseEmbedding, start_at_zero


class ResidualMLP(nn.Module):
    """h + W' phi(W h; noise level), block after block; the answer starts at zero.

    Args:
        dim: number of coordinates d.
        width: units of a layer.
        depth: number of blocks.
    """

    def __init__(self, dim: int, width: int = 128, depth: int = 3) -> None:
        super().__init__()
        if min(width, depth) < 1:
            raise UserError(f"got width={width}, depth={depth}, expected at least 1")
        self.embedding = NoiseEmbedding(width)
        self.film = nn.Linear(width, 2 * width * depth)
        self.lift = nn.Linear(dim, width)
        self.spread = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.merge = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.head = nn.Linear(width, dim)
        self.activation = FilmSiLU()
        start_at_zero(self.head)

    def forward(self, x: Tensor, noise_level: Tensor) -> Tensor:
        """Map points ``(n, d)`` at noise levels ``(n,)`` to ``(n, d)``."""
        film = self.film(self.embedding(noise_level)).chunk(2 * len(self.spread), -1)
        h = self.lift(x)
        for b, (spread, merge) in enumerate(zip(self.spread, self.merge, strict=True)):
            h = h + merge(self.activation(spread(h), film[2 * b], film[2 * b + 1]))
        return self.head(h)
