"""A network of sites without a geometry whose output i never sees input i."""

import torch
from torch import Tensor, nn

from truescore.errors import UserError
from truescore.nets.layers import (
    FilmSiLU,
    NoiseEmbedding,
    check_shape,
    check_sites,
    start_at_zero,
)


class LeaveOneOutMLP(nn.Module):
    """One residual perceptron for all sites, shown every site but its own.

    Sites are spins, or states shown as one-hot channels of ``n_symbols`` symbols. Output i comes
    from them with x_i set to 0 and from what is learned of the place i alone: flipping x_i leaves
    it the same to the bit. h + phi(W h; noise level), layer after layer; the answer starts at zero.
    A pass costs d perceptrons of this width.

    Args:
        dim: number of sites d.
        width: units of a layer.
        depth: hidden layers after the first.
        n_symbols: m, channels of a noisy site; ``None`` for spins.
        n_states: q, logits of a clean site; ``None`` for spins.
    """

    own: Tensor

    def __init__(
        self,
        dim: int,
        width: int = 96,
        depth: int = 3,
        n_symbols: int | None = None,
        n_states: int | None = None,
    ) -> None:
        super().__init__()
        if min(width, depth) < 1:
            raise UserError(f"got width={width}, depth={depth}, expected at least 1: raise it")
        check_sites(n_symbols, n_states)
        self.n_symbols = n_symbols
        self.register_buffer("own", torch.eye(dim, dtype=torch.bool), persistent=False)
        self.gather = nn.Linear(dim * (n_symbols or 1), width, bias=False)
        self.place = nn.Parameter(torch.randn(dim, width))
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        answers = (dim, width) if n_states is None else (dim, width, n_states)
        self.answers = nn.Parameter(torch.zeros(answers))
        self.head = nn.Linear(width, n_states or 1)
        self.embedding = NoiseEmbedding(width)
        self.film = nn.Linear(width, 2 * width * (depth + 1))
        self.activation = FilmSiLU()
        start_at_zero(self.head)

    def forward(self, x_t: Tensor, noise_level: Tensor) -> Tensor:
        """Map sites at noise levels ``(n,)`` to leave-one-out logits.

        Spins ``(n, d) -> (n, d)``; states ``(n, d, m) -> (n, d, q)``.
        """
        check_shape(x_t, len(self.own), self.n_symbols)
        film = self.film(self.embedding(noise_level))[:, None].chunk(2 * (len(self.layers) + 1), -1)
        own = self.own if self.n_symbols is None else self.own[..., None]
        others = x_t[:, None].masked_fill(own, 0.0)
        h = self.activation(self.gather(others.flatten(2)) + self.place, film[0], film[1])
        for k, layer in enumerate(self.layers, start=1):
            h = h + self.activation(layer(h), film[2 * k], film[2 * k + 1])
        if self.n_symbols is None:
            return self.head(h)[..., 0] + (h * self.answers).sum(-1)
        return self.head(h) + torch.einsum("ndw,dwq->ndq", h, self.answers)
