"""Samplers of spins: reverse-time jumps of independent flips."""

from abc import abstractmethod

import torch
from torch import Tensor

from truescore.denoisers import SpinDenoiser
from truescore.denoisers.base import attenuate
from truescore.samplers.base import Sampler
from truescore.samplers.grids import Grid


class SpinSampler(Sampler):
    """A sampler whose step gives each spin's flip probability; all spins of a step flip at once."""

    state_space = "spin"

    @property
    def evaluations(self) -> int:
        """One a step."""
        return self.steps

    def step(
        self, denoiser: SpinDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Move spins from time t to s; see ``Sampler.step``."""
        uniform = torch.rand(x_t.shape, device=x_t.device, generator=generator)
        return torch.where(uniform < self.flip_probability(denoiser, x_t, t, s), -x_t, x_t)

    @abstractmethod
    def flip_probability(self, denoiser: SpinDenoiser, x_t: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """Probability that each spin differs at time s < t, ``(n, d)``."""


class SpinEuler(SpinSampler):
    """Flip with probability min(1, R (t - s)), R_i = p_t(flip_i x)/p_t(x): first order in t - s.

    Sun et al. 2023, arXiv 2211.16750, equation 8 (the reverse rate of a unit-rate flip).
    """

    def __init__(self, steps: int = 64, grid: Grid = "quadratic") -> None:
        super().__init__(steps, grid)

    def flip_probability(self, denoiser: SpinDenoiser, x_t: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """Reverse rate times the length of the step."""
        rate = denoiser.concrete_score(x_t, t).exp()
        return (rate * (t - s)[:, None]).clamp(max=1)


class AnalyticBridge(SpinSampler):
    """Draw each x_s^i from its exact law given x_t; only their joint independence is approximate.

    P(x_s^i | x_t) ~ P(x_t^i | x_s^i) P(x_s^i | x_t without x_t^i): the leave-one-out log-odds of
    the clean spin carried forward to time s, plus the evidence of the flips between s and t. Holds
    down to s = 0. Sun et al. 2023, arXiv 2211.16750, section 4.3.
    """

    def __init__(self, steps: int = 256, grid: Grid = "quadratic") -> None:
        super().__init__(steps, grid)

    def flip_probability(self, denoiser: SpinDenoiser, x_t: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """Probability of the opposite spin at time s."""
        process = denoiser.process
        clean = denoiser.log_odds(x_t, t)
        at_s = attenuate(clean, process.flip_probability(s)[:, None]) if s[0] > 0 else clean
        log_odds = at_s + x_t * process.evidence(t - s)[:, None]
        return torch.sigmoid(-x_t * log_odds)
