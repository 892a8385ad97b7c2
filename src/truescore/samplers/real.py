"""Samplers of reals: the reverse SDE and the probability-flow ODE of a Gaussian process."""

from abc import abstractmethod

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.samplers.base import Sampler
from truescore.samplers.grids import Grid, time_grid


class RealSampler(Sampler):
    """Steps of its own down to t_min, then a last one to t = 0.

    With y = x_t/alpha = x_0 + s z, E[x_0 | y] is *not* distributed as x_0: its variance falls short
    by s^2 in every mode, as y's exceeds it by s^2. A last step must end between the two, which
    leaves an error of order s^4.
    """

    state_space = "real"

    def times(self, denoiser: RealDenoiser) -> Tensor:
        """The grid; ``spectral`` looks at the denoiser's spectrum."""
        return time_grid(denoiser.process, self.steps, self.grid, denoiser.spectrum)

    def step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Move points from time t to s; see ``Sampler.step``."""
        if not s[0] > 0:
            return self.last_step(denoiser, x_t, t, generator)
        return self.inner_step(denoiser, x_t, t, s, generator)

    @abstractmethod
    def inner_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Move points from time t to s > 0."""

    @abstractmethod
    def last_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Move points from a small time t to 0."""


class EulerMaruyama(RealSampler):
    """x_s = x_t - (f x_t - g^2 score) (t - s) + g sqrt(t - s) z: weak order 1.

    Reverse SDE of Song et al. 2021, arXiv 2011.13456, equation 6.
    """

    def __init__(self, steps: int = 500, grid: Grid = "uniform") -> None:
        super().__init__(steps, grid)

    @property
    def evaluations(self) -> int:
        """One a step."""
        return self.steps

    def inner_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """One Euler-Maruyama step of the reverse SDE."""
        process, dt = denoiser.process, (t - s)[:, None]
        g = process.diffusion(t)[:, None]
        drift = process.drift_rate(t)[:, None] * x_t - g**2 * denoiser.score(x_t, t)
        z = torch.randn(x_t.shape, dtype=x_t.dtype, device=x_t.device, generator=generator)
        return (x_t - drift * dt + g * dt.sqrt() * z).to(x_t)

    def last_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Add the noise of scale s that the posterior mean lacks."""
        process = denoiser.process
        z = torch.randn(x_t.shape, dtype=x_t.dtype, device=x_t.device, generator=generator)
        s = (process.sigma(t) / process.alpha(t))[:, None]
        return (denoiser.posterior_mean(x_t, t) + s * z).to(x_t)


class Heun(RealSampler):
    """Heun's rule on the probability flow in whitened modes: order 2, exact for a Gaussian law.

    With y = x_t/alpha, s = sigma/alpha, u_k the amplitude of y in the k-th eigenmode of the law's
    second moments and l_k its variance, the flow of w_k = u_k / sqrt(l_k + s^2) is

        dw_k / dlog s = (l_k/(l_k + s^2) u_k - D_k) / sqrt(l_k + s^2),    D = E[x_0 | x_t]:

    free of the schedule, and zero where the law is Gaussian, so that steps err only by what is not.
    """

    def __init__(self, steps: int = 32, grid: Grid = "spectral") -> None:
        super().__init__(steps, grid)

    @property
    def evaluations(self) -> int:
        """Two a step, one in the last."""
        return 2 * self.steps - 1

    def inner_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """One step of Heun's rule in log s."""
        stride = ((denoiser.process.log_snr(t) - denoiser.process.log_snr(s)) / 2)[:, None]
        w = _whitened(denoiser, x_t, t)
        here = _velocity(denoiser, x_t, t)
        there = _velocity(denoiser, _unwhitened(denoiser, w + stride * here, s), s)
        return _unwhitened(denoiser, w + stride * (here + there) / 2, s).to(x_t)

    def last_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Integrate down to s = 0, where the velocity vanishes like s^2: w_0 = w - velocity/2."""
        w = _whitened(denoiser, x_t, t) - _velocity(denoiser, x_t, t) / 2
        return ((w * denoiser.spectrum.sqrt()) @ denoiser.basis.mT).to(x_t)


def _spread(denoiser: RealDenoiser, t: Tensor) -> Tensor:
    """Standard deviation of x_t in every mode, ``(n, d)``."""
    alpha, sigma = denoiser.process.alpha(t)[:, None], denoiser.process.sigma(t)[:, None]
    return (alpha**2 * denoiser.spectrum + sigma**2).sqrt()


def _whitened(denoiser: RealDenoiser, x_t: Tensor, t: Tensor) -> Tensor:
    return (x_t.to(denoiser.basis) @ denoiser.basis) / _spread(denoiser, t)


def _unwhitened(denoiser: RealDenoiser, w: Tensor, t: Tensor) -> Tensor:
    return (w * _spread(denoiser, t)) @ denoiser.basis.mT


def _velocity(denoiser: RealDenoiser, x_t: Tensor, t: Tensor) -> Tensor:
    """dw/dlog s."""
    alpha, spread = denoiser.process.alpha(t)[:, None], _spread(denoiser, t)
    posterior_mean = denoiser.posterior_mean(x_t, t).to(denoiser.basis) @ denoiser.basis
    gaussian = alpha * denoiser.spectrum / spread * _whitened(denoiser, x_t, t)
    return alpha / spread * (gaussian - posterior_mean)
