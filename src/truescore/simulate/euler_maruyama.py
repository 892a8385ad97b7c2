"""The explicit Euler-Maruyama step."""

import math
from typing import Any

import torch
from torch import Tensor

from truescore.simulate.integrator import Integrator, refuse_unstable


class EulerMaruyama(Integrator):
    """x' = x - dt grad V(x) + sqrt(2T dt) z: stationary averages err by O(dt).

    Anharmonic forces overflow once |x| is large enough for dt V''(x) > 2.

    Args:
        law: see ``Integrator``.
        dt: length of a step, below 2 / (largest curvature).

    Raises:
        UserError: if dt is beyond the stability of the law's narrowest direction.
    """

    def __init__(self, law: Any, dt: float) -> None:
        super().__init__(law, dt)
        refuse_unstable(law, dt)

    @property
    def gradient_evaluations(self) -> int:
        """One."""
        return 1

    def step(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """One explicit step."""
        z = self.noise(x, generator)
        return x - self.dt * self.gradient(x) + math.sqrt(2 * self.temperature * self.dt) * z
