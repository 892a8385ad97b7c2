"""Samplers of reals: the reverse SDE and the probability-flow ODE of a Gaussian process."""

from abc import abstractmethod

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.samplers.base import Sampler
from truescore.samplers.grids import Grid


class RealSampler(Sampler):
    """Steps of its own down to t_min, then a last one to t = 0.

    With y = x_t/alpha = x_0 + s z, E[x_0 | y] is *not* distributed as x_0: its variance falls short
    by s^2 in every mode, as y's exceeds it by s^2. A last step must end between the two, which
    leaves an error of order s^4.
    """

    state_space = "real"

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
    """Heun's rule on the probability flow in y = x_t/alpha, tau = log(sigma/alpha): order 2.

    There the flow is dy/dtau = y - E[x_0 | x_t], free of the schedule, whose exact linear part
    relaxes y to the posterior mean; each step solves that part exactly:
    y_s = r y_t + (1 - r) D, r = exp(tau_s - tau_t), with D the mean of D(y_t) and D at the end of
    a first-order step, weighted so that the rule is of order 2.
    """

    def __init__(self, steps: int = 64, grid: Grid = "log_snr") -> None:
        super().__init__(steps, grid)

    @property
    def evaluations(self) -> int:
        """Two a step, one in the last."""
        return 2 * self.steps - 1

    def inner_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """One step of the exponential Heun rule."""
        process = denoiser.process
        alpha_t, alpha_s = process.alpha(t)[:, None], process.alpha(s)[:, None]
        ratio = (process.sigma(s) / process.sigma(t))[:, None] * alpha_t / alpha_s
        here = denoiser.posterior_mean(x_t, t)
        y_t = x_t / alpha_t
        predicted = ratio * y_t + (1 - ratio) * here
        there = denoiser.posterior_mean(alpha_s * predicted, s)
        # Weight of `there` for a posterior mean linear in tau: (r - 1 - log r)/(-log r (1 - r)).
        step = -ratio.log()
        weight = (step - (1 - ratio)) / step
        y_s = predicted + weight * (there - here)
        return (alpha_s * y_s).to(x_t)

    def last_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """End half way to the posterior mean, where the flow dy/ds = -s score ends."""
        y_t = x_t / denoiser.process.alpha(t)[:, None]
        return ((y_t + denoiser.posterior_mean(x_t, t)) / 2).to(x_t)
