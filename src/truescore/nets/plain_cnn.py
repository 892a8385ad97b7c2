"""A plain stack of one-dimensional convolutions."""

from torch import Tensor, nn

from truescore.errors import UserError
from truescore.nets.layers import FilmSiLU, NoiseEmbedding, start_at_zero


class PlainCNN(nn.Module):
    """Convolutions along the chain, zeros beyond its ends, each modulated by the noise level.

    No symmetry, no skip, no dilation: what one writes down first, to hold the others against. A
    site sees (depth + 1) (kernel_size - 1) / 2 sites to either side.

    Args:
        channels: width of the convolutions.
        depth: hidden convolutions after the first.
        kernel_size: sites under a convolution, odd.

    Attributes:
        reach: how many sites to either side an answer depends on.
    """

    def __init__(self, channels: int = 64, depth: int = 4, kernel_size: int = 5) -> None:
        super().__init__()
        if min(channels, depth, kernel_size) < 1 or kernel_size % 2 == 0:
            raise UserError(
                f"got channels={channels}, depth={depth}, kernel_size={kernel_size}, expected at"
                " least 1, and an odd kernel_size"
            )
        padding = kernel_size // 2
        self.reach = (depth + 1) * padding
        self.embedding = NoiseEmbedding(channels)
        self.film = nn.Linear(channels, 2 * channels * (depth + 1))
        widths = [1, *[channels] * depth]
        self.layers = nn.ModuleList(
            nn.Conv1d(inputs, channels, kernel_size, padding=padding) for inputs in widths
        )
        self.head = nn.Conv1d(channels, 1, 1)
        self.activation = FilmSiLU()
        start_at_zero(self.head)

    def forward(self, x: Tensor, noise_level: Tensor) -> Tensor:
        """Map points ``(n, d)`` at noise levels ``(n,)`` to ``(n, d)``."""
        film = self.film(self.embedding(noise_level))[..., None].chunk(2 * len(self.layers), 1)
        h = x[:, None]
        for k, layer in enumerate(self.layers):
            h = self.activation(layer(h), film[2 * k], film[2 * k + 1])
        return self.head(h)[:, 0]
