"""The Leimkuhler-Matthews step: Euler-Maruyama with noise averaged over two steps."""

import math
from typing import Any

import torch
from torch import Tensor

from truescore.simulate.integrator import Integrator, refuse_unstable


class LeimkuhlerMatthews(Integrator):
    """x' = x - dt grad V(x) + sqrt(2T dt) (z + z')/2: stationary averages err by O(dt^2).

    The limit of the BAOAB method at large friction, exact for a Gaussian law; z' is the next step's
    z. What is carried is y = x - sqrt(2T dt) z/2, which needs no memory:

        x = y + sqrt(2T dt) z/2,    y' = y - dt grad V(x) + sqrt(2T dt) z,

    and ``output`` gives an x. The law of y itself errs by O(dt), and so do moves between wells of
    uneven weight and between temperatures, which act on y; a flip of an even law does not.
    Leimkuhler and Matthews 2013, arXiv 1203.5428; as a postprocessed step, Vilmart 2015, SIAM
    J. Sci. Comput. 37, A201.

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

    @property
    def _noise_scale(self) -> float:
        return math.sqrt(2 * self.temperature * self.dt)

    def step(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """From one y to the next."""
        kick = self._noise_scale * self.noise(x, generator)
        return x - self.dt * self.gradient(x + kick / 2) + kick

    def output(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Points x from y."""
        return x + self._noise_scale / 2 * self.noise(x, generator)
