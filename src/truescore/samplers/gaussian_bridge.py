"""Ancestral steps that know the scatter of x_0 about the posterior mean, mode by mode."""

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.samplers.ancestral import bridge
from truescore.samplers.grids import Grid
from truescore.samplers.noise_level import NoiseLevel
from truescore.samplers.real import Prior, RealSampler, noise_like


class GaussianBridge(RealSampler):
    """The bridge p(x_s | x_t, x_0) with x_0 ~ N(D, v_k in mode k): exact for a Gaussian law.

    v_k = l_k r^2/(l_k + r^2), r = sigma/alpha, is the variance that a Gaussian law with the second
    moments l_k has about its posterior mean. Ancestral steps are the case v = 0. So steps err only
    by what is not Gaussian, as ``Heun``'s do on the flow: weak order 1, and the last step is a step
    like any other.
    """

    def __init__(self, steps: int = 64, grid: Grid = "spectral", prior: Prior = "matched") -> None:
        super().__init__(steps, grid, prior)

    def inner_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Draw x_0, then the bridge that ends in it."""
        clean = self.last_step(denoiser, x_t, t, generator)
        here, there = (NoiseLevel(denoiser.process, time) for time in (t, s))
        return bridge(x_t, here, there, clean, noise_like(x_t, generator)).to(x_t)

    def last_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Draw x_0."""
        snr = denoiser.process.log_snr(t).exp()[:, None]
        scatter = (denoiser.spectrum / (1 + denoiser.spectrum * snr)).sqrt()
        z = noise_like(x_t, generator).to(denoiser.basis)
        return (denoiser.posterior_mean(x_t, t) + (scatter * z) @ denoiser.basis.mT).to(x_t)
