"""A network on a torus whose output i never sees input i, in one pass."""

import torch
from torch import Tensor, nn

from truescore.errors import UserError
from truescore.nets.layers import FilmSiLU, NoiseEmbedding, OddGate


class LeaveOneOutConv2d(nn.Module):
    """Circular convolution in two dimensions without its centre, then site-wise layers with FiLM.

    Site (a, b), of row a and column b, is a * columns + b. Only the first layer mixes sites, so
    output i depends on the square about i but not on site i: flipping x_i leaves output i the same
    to the bit. Translation symmetric along both axes.

    Args:
        dim: number of sites, rows * columns.
        rows: of the lattice.
        columns: of the lattice.
        width: channels.
        radius: reach of the convolution along both axes; clipped to the lattice, each site of which
            is then seen once.
        depth: site-wise hidden layers.
        odd: build in f(-x) = -f(x), exactly, in the same single pass.

    Raises:
        UserError: the lattice has not ``dim`` sites, or more than one.
    """

    window: Tensor

    def __init__(
        self,
        dim: int,
        rows: int,
        columns: int,
        width: int = 32,
        radius: int = 3,
        depth: int = 2,
        odd: bool = True,
    ) -> None:
        super().__init__()
        if min(width, radius, depth) < 1:
            raise UserError(
                f"got width={width}, radius={radius}, depth={depth}, expected at least 1"
            )
        if rows * columns != dim or dim < 2:
            raise UserError(
                f"got rows={rows}, columns={columns} for a law of {dim} sites, expected"
                f" rows * columns = {dim} > 1: set model.net.rows and model.net.columns"
            )
        self.register_buffer("window", _windows(rows, columns, radius), persistent=False)
        self.gather = nn.Linear(self.window.shape[1], width, bias=not odd)
        self.layers = nn.ModuleList(nn.Linear(width, width, bias=not odd) for _ in range(depth))
        self.head = nn.Linear(width, 1, bias=not odd)
        self.embedding = NoiseEmbedding(width)
        self.film = nn.Linear(width, 2 * width * (depth + 1))
        self.activation = OddGate() if odd else FilmSiLU()

    def forward(self, x_t: Tensor, noise_level: Tensor) -> Tensor:
        """Map spins ``(n, d)`` at noise levels ``(n,)`` to leave-one-out logits ``(n, d)``."""
        dim = len(self.window)
        if x_t.shape[-1] != dim:
            raise UserError(f"got shape {tuple(x_t.shape)}, expected (n, {dim}): reshape the spins")
        film = self.film(self.embedding(noise_level))[:, None].chunk(2 * (len(self.layers) + 1), -1)
        h = self.activation(self.gather(x_t[:, self.window]), film[0], film[1])
        for k, layer in enumerate(self.layers, start=1):
            h = h + self.activation(layer(h), film[2 * k], film[2 * k + 1])
        return self.head(h)[..., 0]


def _windows(rows: int, columns: int, radius: int) -> Tensor:
    """Numbers of the sites about each, ``(rows * columns, k)``."""
    down, right = _offsets(rows, radius), _offsets(columns, radius)
    around = torch.cartesian_prod(down, right)
    around = around[around.any(1)]
    row, column = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).T
    there = (row[:, None] + around[:, 0]) % rows, (column[:, None] + around[:, 1]) % columns
    return there[0] * columns + there[1]


def _offsets(length: int, radius: int) -> Tensor:
    """-radius .. radius, or once around."""
    return torch.arange(-min(radius, (length - 1) // 2), min(radius, length // 2) + 1)
