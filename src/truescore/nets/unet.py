"""A small U-Net on a chain."""

import torch
from torch import Tensor, nn

from truescore.errors import UserError
from truescore.nets.layers import FilmSiLU, NoiseEmbedding, start_at_zero


class UNet1d(nn.Module):
    """Halve the chain ``depth`` times, come back, and join what was seen at each length.

    Zeros beyond the ends, no symmetry. Lengths are rounded up when halved, so that any chain fits.
    Ronneberger et al. 2015, arXiv 1505.04597.

    Args:
        dim: number of sites, at least 2^depth.
        channels: width of the convolutions, at every length.
        depth: how often the chain is halved.
    """

    def __init__(self, dim: int, channels: int = 32, depth: int = 2) -> None:
        super().__init__()
        if min(channels, depth) < 1 or 2**depth > dim:
            raise UserError(
                f"got channels={channels}, depth={depth}, expected at least 1, and"
                f" 2^depth <= dim={dim}: a chain of {dim} cannot be halved more often"
            )
        self.embedding = NoiseEmbedding(channels)
        self.lift = nn.Conv1d(1, channels, 3, padding=1)
        self.down = nn.ModuleList(Block(channels, channels) for _ in range(depth))
        self.halve = nn.ModuleList(
            nn.Conv1d(channels, channels, 3, stride=2, padding=1) for _ in range(depth)
        )
        self.middle = Block(channels, channels)
        self.up = nn.ModuleList(Block(2 * channels, channels) for _ in range(depth))
        self.head = nn.Conv1d(channels, 1, 1)
        start_at_zero(self.head)

    def forward(self, x: Tensor, noise_level: Tensor) -> Tensor:
        """Map points ``(n, d)`` at noise levels ``(n,)`` to ``(n, d)``."""
        features = self.embedding(noise_level)
        h, seen = self.lift(x[:, None]), []
        for block, halve in zip(self.down, self.halve, strict=True):
            h = block(h, features)
            seen.append(h)
            h = halve(h)
        h = self.middle(h, features)
        for block in self.up:
            beside = seen.pop()
            h = nn.functional.interpolate(h, size=beside.shape[-1])
            h = block(torch.cat([h, beside], 1), features)
        return self.head(h)[:, 0]


class Block(nn.Module):
    """Two convolutions over three sites, the noise level between them, beside a shortcut.

    Args:
        inputs: channels of the input.
        channels: channels of the output, and of the features.
    """

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(inputs, channels, 3, padding=1)
        self.second = nn.Conv1d(channels, channels, 3, padding=1)
        self.shortcut = nn.Conv1d(inputs, channels, 1)
        self.film = nn.Linear(channels, 2 * channels)
        self.activation = FilmSiLU()

    def forward(self, h: Tensor, features: Tensor) -> Tensor:
        """Map ``(n, c, d)`` and features ``(n, c')`` to ``(n, c', d)``."""
        a, b = self.film(features)[..., None].chunk(2, 1)
        return self.shortcut(h) + self.second(self.activation(self.first(h), a, b))
