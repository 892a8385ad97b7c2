"""A network of spins without a geometry whose output i never sees input i."""

import torch
from torch import Tensor, nn

from truescore.errors import UserError
from truescore.nets.layers import FilmSiLU, NoiseEmbedding, start_at_zero


class LeaveOneOutMLP(nn.Module):
    """One residual perceptron for all sites, shown every spin but that of its own site.

    Output i comes from the spins with x_i set to 0 and from what is learned of the place i alone:
    flipping x_i leaves it the same to the bit. h + phi(W h; noise level), layer after layer; the
    answer starts at zero. A pass costs d perceptrons of this width.

    Args:
        dim: number of sites d.
        width: units of a layer.
        depth: hidden layers after the first.
    """

    own: Tensor

    def __init__(self, dim: int, width: int = 96, depth: int = 3) -> None:
        super().__init__()
        if min(width, depth) < 1:
            raise UserError(f"got width={width}, depth={depth}, expected at least 1: raise it")
        self.register_buffer("own", torch.eye(dim, dtype=torch.bool), persistent=False)
        self.gather = nn.Linear(dim, width, bias=False)
        self.place = nn.Parameter(torch.randn(dim, width))
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.answers = nn.Parameter(torch.zeros(dim, width))
        self.head = nn.Linear(width, 1)
        self.embedding = NoiseEmbedding(width)
        self.film = nn.Linear(width, 2 * width * (depth + 1))
        self.activation = FilmSiLU()
        start_at_zero(self.head)

    def forward(self, x_t: Tensor, noise_level: Tensor) -> Tensor:
        """Map spins ``(n, d)`` at noise levels ``(n,)`` to leave-one-out logits ``(n, d)``."""
        dim = len(self.own)
        if x_t.ndim != 2 or x_t.shape[1] != dim:
            raise UserError(f"got shape {tuple(x_t.shape)}, expected (n, {dim}): reshape the spins")
        film = self.film(self.embedding(noise_level))[:, None].chunk(2 * (len(self.layers) + 1), -1)
        others = x_t[:, None].masked_fill(self.own, 0.0)
        h = self.activation(self.gather(others) + self.place, film[0], film[1])
        for k, layer in enumerate(self.layers, start=1):
            h = h + self.activation(layer(h), film[2 * k], film[2 * k + 1])
        return self.head(h)[..., 0] + (h * self.answers).sum(-1)
