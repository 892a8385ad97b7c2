"""The explicit Euler step with a bounded drift."""

import math

import torch
from torch import Tensor

from truescore.simulate.integrator import Integrator


class TamedEuler(Integrator):
    """x' = x - dt g/(1 + dt |g|) + sqrt(2T dt) z, g = grad V(x), site by site: errors of O(dt).

    No force moves a site by more than 1 in a step, so that no step overflows.
    Hutzenthaler, Jentzen and Kloeden 2012, arXiv 1010.3756; site by site and for sampling, Brosse,
    Durmus, Moulines and Sabanis 2019, arXiv 1710.05559.
    """

    @property
    def gradient_evaluations(self) -> int:
        """One."""
        return 1

    def step(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """One tamed step."""
        drift = self.dt * self.gradient(x)
        z = self.noise(x, generator)
        return x - drift / (1 + drift.abs()) + math.sqrt(2 * self.temperature * self.dt) * z
