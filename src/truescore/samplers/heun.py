"""The probability flow by Heun's rule."""

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.samplers.grids import Grid
from truescore.samplers.real import Prior, RealSampler
from truescore.samplers.whitened import WhitenedModes


class Heun(RealSampler):
    """Heun's rule on the probability flow in whitened modes: order 2, exact for a Gaussian law.

    The flow of w stands still where the law is Gaussian, so that steps err only by what is not;
    see ``samplers/whitened.py``.
    """

    def __init__(self, steps: int = 32, grid: Grid = "spectral", prior: Prior = "matched") -> None:
        super().__init__(steps, grid, prior)

    @property
    def evaluations(self) -> int:
        """Two a step, one in the last."""
        return 2 * self.steps - 1

    def inner_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """One step of Heun's rule in log r."""
        start, end = WhitenedModes(denoiser, t), WhitenedModes(denoiser, s)
        stride = end.log_r - start.log_r
        w = start.whiten(x_t)
        here = start.velocity(x_t, w)
        predicted = w + stride * here
        there = end.velocity(end.unwhiten(predicted), predicted)
        return end.unwhiten(w + stride / 2 * (here + there)).to(x_t)

    def last_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Integrate down to r = 0; see ``WhitenedModes.to_data``."""
        return WhitenedModes(denoiser, t).to_data(x_t).to(x_t)
