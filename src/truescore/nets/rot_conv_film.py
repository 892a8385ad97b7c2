"""The network of an earlier study of the ring, kept as a baseline: d small passes, one a site."""

import torch
from torch import Tensor, nn

from truescore.errors import UserError

CHANNELS, KERNEL, HIDDEN = 6, 3, 32
STATES = 2


class RotConvFilm(nn.Module):
    """For each site: roll the ring to it, drop it, and pass the others through a small network.

    Others, over the number of states -> circular convolution 1 -> 6 (kernel 3) -> FiLM from t
    (hidden 32) -> SiLU -> convolution 6 -> 1 -> two dense layers (hidden 32) -> a logit. Sites
    share the weights; the convolutions close the ring over the gap of the site that was dropped.

    Args:
        dim: number of sites on the ring, at least 4.
    """

    others: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        if dim <= KERNEL:
            raise UserError(f"got dim={dim}, expected more than {KERNEL} sites: raise dim")
        index = (torch.arange(dim)[:, None] + torch.arange(1, dim)) % dim
        self.register_buffer("others", index, persistent=False)
        options = {"padding": KERNEL // 2, "padding_mode": "circular"}
        self.first = nn.Conv1d(1, CHANNELS, KERNEL, **options)
        self.film = nn.Sequential(nn.Linear(1, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, 2 * CHANNELS))
        self.second = nn.Conv1d(CHANNELS, 1, KERNEL, **options)
        self.head = nn.Sequential(nn.Linear(dim - 1, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, 1))

    def forward(self, x_t: Tensor, noise_level: Tensor) -> Tensor:
        """Map spins ``(n, d)`` at noise levels log t ``(n,)`` to leave-one-out logits."""
        n, dim = len(x_t), len(self.others)
        if x_t.shape[-1] != dim:
            raise UserError(f"got shape {tuple(x_t.shape)}, expected (n, {dim}): reshape the spins")
        h = self.first(x_t[:, self.others].reshape(n * dim, 1, dim - 1) / STATES)
        scale, shift = self.film(noise_level.exp()[:, None]).repeat_interleave(dim, 0).chunk(2, -1)
        h = nn.functional.silu(h * (1 + scale[..., None]) + shift[..., None])
        return self.head(self.second(h)[:, 0]).reshape(n, dim)
