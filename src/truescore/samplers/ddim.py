"""The probability flow by Euler's rule."""

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.samplers.grids import Grid
from truescore.samplers.real import DenoisingSampler, FlowSampler, Prior, noise_scale


class DDIM(DenoisingSampler, FlowSampler):
    """y_s = D + (r_s/r_t) (y_t - D): order 1.

    Euler's rule on dy/dr = (y - D)/r, and so exact while D stands still. Song, Meng and Ermon 2021,
    arXiv 2010.02502, equation 12 with no noise, and section 4.3.
    """

    def __init__(self, steps: int = 64, grid: Grid = "log_snr", prior: Prior = "matched") -> None:
        super().__init__(steps, grid, prior)

    def towards(
        self,
        clean: Tensor,
        denoiser: RealDenoiser,
        x_t: Tensor,
        t: Tensor,
        s: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """x_s, ``(n, d)``, on the straight line from x_t to x_0 = ``clean`` in (r, y)."""
        process = denoiser.process
        ratio = noise_scale(denoiser, s) / noise_scale(denoiser, t)
        y = x_t / process.alpha(t)[:, None]
        return (process.alpha(s)[:, None] * (clean + ratio * (y - clean))).to(x_t)
