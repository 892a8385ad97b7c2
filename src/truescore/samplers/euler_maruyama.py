"""The reverse SDE by Euler and Maruyama's rule."""

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.samplers.grids import Grid
from truescore.samplers.real import Prior, StochasticSampler, noise_like


class EulerMaruyama(StochasticSampler):
    """x_s = x_t - (f x_t - g^2 score) (t - s) + g sqrt(t - s) z: weak order 1.

    Reverse SDE of Song et al. 2021, arXiv 2011.13456, equation 6.
    """

    def __init__(self, steps: int = 500, grid: Grid = "uniform", prior: Prior = "matched") -> None:
        super().__init__(steps, grid, prior)

    def inner_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """One Euler-Maruyama step of the reverse SDE."""
        process, dt = denoiser.process, (t - s)[:, None]
        g = process.diffusion(t)[:, None]
        drift = process.drift_rate(t)[:, None] * x_t - g**2 * denoiser.score(x_t, t)
        return (x_t - drift * dt + g * dt.sqrt() * noise_like(x_t, generator)).to(x_t)
