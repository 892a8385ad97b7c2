"""A network without a geometry for sites that are masked, all answers in one pass."""

import torch
from torch import Tensor, nn

from truescore.errors import UserError
from truescore.nets.layers import start_at_zero


class MaskedMLP(nn.Module):
    """A residual perceptron that reads every spin, or that it is masked, and answers for all.

    Under masks alone (``masked_only``): the answer for a site is asked where the site is masked, so
    that leaving it out needs no care, and one pass serves all sites. There P(x_0^i | x_t) does not
    depend on the time either (Ou et al. 2024, arXiv 2406.03736), so the network is not told it.
    Layers are h + W2 SiLU(W1 norm(h)); the answer starts at zero.

    Args:
        dim: number of sites d.
        width: units of h; twice as many within a layer.
        depth: residual layers.
    """

    masked_only = True

    def __init__(self, dim: int, width: int = 256, depth: int = 3) -> None:
        super().__init__()
        if min(width, depth) < 1:
            raise UserError(f"got width={width}, depth={depth}, expected at least 1: raise it")
        self.dim = dim
        self.read = nn.Linear(2 * dim, width)
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, 2 * width),
                nn.SiLU(),
                nn.Linear(2 * width, width),
            )
            for _ in range(depth)
        )
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, dim))
        start_at_zero(self.head[1])  # type: ignore[arg-type]

    def forward(self, x_t: Tensor, noise_level: Tensor) -> Tensor:
        """Map spins ``(n, d)``, 0 where masked, to logits ``(n, d)``; any noise level will do."""
        if x_t.ndim != 2 or x_t.shape[1] != self.dim:
            raise UserError(
                f"got shape {tuple(x_t.shape)}, expected (n, {self.dim}): reshape the spins"
            )
        h = self.read(torch.cat([x_t, x_t.abs()], 1))
        for layer in self.layers:
            h = h + layer(h)
        return self.head(h)
