"""Pieces that networks share."""

import math

import torch
from torch import Tensor, nn

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
