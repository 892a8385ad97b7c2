"""Pieces that networks share."""

import math

import torch
from torch import Tensor, nn

from truescore.errors import UserError

EMBEDDING = 32


class NoiseEmbedding(nn.Module):
    """Features of a noise level (log t or log s) from sines of geometric frequencies.

    Args:
        width: number of features given out.
    """

    frequencies: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.logspace(-1.5, 0.0, EMBEDDING // 2) * math.pi)
        self.mlp = nn.Sequential(
            nn.Linear(EMBEDDING + 1, width), nn.SiLU(), nn.Linear(width, width)
        )

    def forward(self, noise_level: Tensor) -> Tensor:
        """Map levels ``(n,)`` to features ``(n, width)``."""
        phase = noise_level[:, None] * self.frequencies
        features = torch.cat([phase.sin(), phase.cos(), noise_level[:, None] / 4], -1)
        return nn.functional.silu(self.mlp(features))


class OddGate(nn.Module):
    """phi(h) = h sigmoid(a |h| + b): odd in h, its shape set by the noise level (FiLM).

    Stacked with linear maps without bias it makes a network exactly odd in one pass.
    """

    def forward(self, h: Tensor, a: Tensor, b: Tensor) -> Tensor:
        """Apply elementwise; a and b broadcast against h."""
        return h * torch.sigmoid(torch.addcmul(b, a, h.abs()))


class FilmSiLU(nn.Module):
    """phi(h) = SiLU((1 + a) h + b): the usual modulated activation, without symmetry."""

    def forward(self, h: Tensor, a: Tensor, b: Tensor) -> Tensor:
        """Apply elementwise; a and b broadcast against h."""
        return nn.functional.silu(torch.addcmul(b, 1 + a, h))


def start_at_zero(layer: nn.Linear | nn.Conv1d) -> None:
    """Let a last layer answer zero at first, so that training starts from what it corrects."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def check_sites(n_symbols: int | None, n_states: int | None) -> None:
    """Raise ``UserError`` unless both are given, for states, or neither, for spins."""
    if (n_symbols is None) != (n_states is None) or min(n_symbols or 2, n_states or 2) < 2:
        raise UserError(
            f"got n_symbols={n_symbols}, n_states={n_states}, expected at least 2 of each for"
            " states and neither for spins: give both or leave both out"
        )


def check_shape(x_t: Tensor, dim: int, n_symbols: int | None) -> None:
    """Raise ``UserError`` unless ``x_t`` is ``(n, dim)`` spins or ``(n, dim, n_symbols)``."""
    shape = (dim,) if n_symbols is None else (dim, n_symbols)
    if tuple(x_t.shape[1:]) != shape:
        wanted = ", ".join(map(str, shape))
        raise UserError(f"got shape {tuple(x_t.shape)}, expected (n, {wanted}): reshape the sites")
