"""The probability flow by Heun's rule."""

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.samplers.grids import Grid
from truescore.samplers.real import Prior, RealSampler
from truescore.samplers.whitened import to_data, unwhiten, velocity, whiten


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
        stride = ((denoiser.process.log_snr(t) - denoiser.process.log_snr(s)) / 2)[:, None]
        w = whiten(denoiser, x_t, t)
        here = velocity(denoiser, x_t, t)
        there = velocity(denoiser, unwhiten(denoiser, w + stride * here, s), s)
        return unwhiten(denoiser, w + stride * (here + there) / 2, s).to(x_t)

    def last_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Integrate down to r = 0; see ``to_data``."""
        return to_data(denoiser, x_t, t).to(x_t)
