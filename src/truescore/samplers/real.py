"""What samplers of reals share: where they start, and the last step to t = 0."""

from abc import abstractmethod
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.errors import UserError
from truescore.samplers.base import Sampler, Step
from truescore.samplers.grids import Grid, time_grid
from truescore.samplers.noise_level import NoiseLevel

Prior = Literal["matched", "standard"]


class RealSampler(Sampler):
    """Steps of its own down to t_min, then a last one to t = 0.

    In the variables y = x_t/alpha = x_0 + r z, r = sigma/alpha, all Gaussian processes are one: the
    probability flow is dy/dr = (y - D)/r with D = E[x_0 | x_t].

    With y so, E[x_0 | y] is *not* distributed as x_0: its variance falls short by r^2 in every
    mode, as y's exceeds it by r^2. A last step must end between the two, which leaves an error of
    order r^4.

    Args:
        steps: number of steps, the last of them from t_min to 0.
        grid: spacing of the times; see ``time_grid``.
        prior: law of the points at t = T: ``matched``, a Gaussian with x_T's mean and covariance,
            or ``standard``, N(0, sigma_T^2 I), which forgets what is left of the signal.
    """

    state_space = "real"

    def __init__(self, steps: int, grid: Grid, prior: Prior = "matched") -> None:
        super().__init__(steps, grid)
        if prior not in ("matched", "standard"):
            raise UserError(f"got sampler.prior={prior!r}, expected matched or standard")
        self.prior: Prior = prior

    @property
    def evaluations(self) -> int | None:
        """One a step, unless the sampler says otherwise."""
        return self.steps

    def times(self, denoiser: RealDenoiser) -> Tensor:
        """The grid; ``spectral`` looks at the denoiser's spectrum."""
        return time_grid(denoiser.process, self.steps, self.grid, denoiser.spectrum)

    def start(self, denoiser: RealDenoiser, n: int, dim: int, generator: torch.Generator) -> Tensor:
        """Draw ``(n, dim)`` points of the prior."""
        if self.prior == "matched":
            return denoiser.sample_prior(n, dim, generator)
        z = torch.randn(n, dim, generator=generator, device=generator.device)
        horizon = torch.tensor(denoiser.process.horizon, dtype=torch.float64)
        return float(denoiser.process.sigma(horizon)) * z

    def step(
        self,
        denoiser: RealDenoiser,
        x_t: Tensor,
        t: Tensor,
        s: Tensor,
        generator: torch.Generator,
        **memory: Any,
    ) -> Tensor:
        """Move points from time t to s; see ``Sampler.step``. ``inner_step`` gets the memory."""
        if not s[0] > 0:
            return self.last_step(denoiser, x_t, t, generator)
        return self.inner_step(denoiser, x_t, t, s, generator, **memory)

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


class DenoisingSampler(RealSampler):
    """A sampler whose step is drawn as if the posterior mean stood still."""

    def inner_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Move points from time t to s > 0."""
        here, there = (NoiseLevel(denoiser.process, time) for time in (t, s))
        return self.towards(denoiser.posterior_mean(x_t, t), x_t, here, there, generator)

    @abstractmethod
    def towards(
        self,
        clean: Tensor,
        x_t: Tensor,
        here: NoiseLevel,
        there: NoiseLevel,
        generator: torch.Generator,
    ) -> Tensor:
        """x_s, ``(n, d)``, from x_t as if ``clean`` were the posterior mean all the way."""


class RememberingSampler(RealSampler):
    """A sampler whose ``inner_step`` takes ``last``: what the path's steps before it found.

    Without one it moves as a path's first step does.
    """

    @abstractmethod
    def memory(self) -> Any:
        """What a path remembers at its start: nothing yet."""

    def begin(self) -> Step:
        """``step`` with a path's own memory."""
        return partial(self.step, last=self.memory())


class StochasticSampler(RealSampler):
    """A sampler of the reverse SDE: its last step draws from the law of x_0 given x_t."""

    def last_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Add the noise of scale r that the posterior mean lacks."""
        z = noise_like(x_t, generator)
        return (denoiser.posterior_mean(x_t, t) + noise_scale(denoiser, t) * z).to(x_t)


class FlowSampler(RealSampler):
    """A sampler of the probability flow: its last step draws no noise."""

    def last_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Halfway from y to D, since near r = 0 the flow's velocity (y - D)/r vanishes like r."""
        y = x_t / denoiser.process.alpha(t)[:, None]
        return ((y + denoiser.posterior_mean(x_t, t)) / 2).to(x_t)


def noise_scale(denoiser: RealDenoiser, t: Tensor) -> Tensor:
    """Ratio r = sigma/alpha, ``(n, 1)``."""
    return (denoiser.process.sigma(t) / denoiser.process.alpha(t))[:, None]


def noise_like(x_t: Tensor, generator: torch.Generator) -> Tensor:
    """Standard normal numbers of the points' shape."""
    return torch.randn(x_t.shape, dtype=x_t.dtype, device=x_t.device, generator=generator)
