"""The reverse of the forward process's own discretisation."""

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.samplers.grids import Grid
from truescore.samplers.real import Prior, StochasticSampler, noise_like


class ReverseDiffusion(StochasticSampler):
    """x_s = (2 - a) x_t + b^2 score(x_t, t) + b z, where x_t = a x_s + b z forward: weak order 1.

    a = alpha_t/alpha_s and b^2 = sigma_t^2 - a^2 sigma_s^2 are exact on every interval, however
    long. Song et al. 2021, arXiv 2011.13456, appendix E, equation 46.
    """

    def __init__(self, steps: int = 256, grid: Grid = "log_snr", prior: Prior = "matched") -> None:
        super().__init__(steps, grid, prior)

    def inner_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Undo one forward step as if the score stood still."""
        process = denoiser.process
        a = (process.alpha(t) / process.alpha(s))[:, None]
        lost = -torch.expm1(process.log_snr(t) - process.log_snr(s))[:, None]
        b = process.sigma(t)[:, None] * lost.sqrt()
        # b^2 score with the two factors of sigma_t^2 cancelled, so that nothing divides by it.
        pull = lost * (process.alpha(t)[:, None] * denoiser.posterior_mean(x_t, t) - x_t)
        return ((2 - a) * x_t + pull + b * noise_like(x_t, generator)).to(x_t)
