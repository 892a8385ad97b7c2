"""The probability flow by Euler's rule."""

import torch
from torch import Tensor

from truescore.samplers.grids import Grid
from truescore.samplers.noise_level import NoiseLevel
from truescore.samplers.real import DenoisingSampler, FlowSampler, Prior


class DDIM(DenoisingSampler, FlowSampler):
    """y_s = D + (r_s/r_t) (y_t - D), or x_s = q x_t + (alpha_s - q alpha_t) D, q = sigma_s/sigma_t.

    Of order 1: Euler's rule on dy/dr = (y - D)/r, and so exact while D stands still. Song, Meng
    and Ermon 2021, arXiv 2010.02502, equation 12 with no noise, and section 4.3.
    """

    def __init__(self, steps: int = 64, grid: Grid = "log_snr", prior: Prior = "matched") -> None:
        super().__init__(steps, grid, prior)

    def towards(
        self,
        clean: Tensor,
        x_t: Tensor,
        here: NoiseLevel,
        there: NoiseLevel,
        generator: torch.Generator,
    ) -> Tensor:
        """x_s, ``(n, d)``, on the straight line from x_t to x_0 = ``clean`` in (r, y)."""
        kept = there.sigma / here.sigma
        added = there.alpha - here.alpha * kept
        return (added * clean + kept * x_t).to(x_t)
