"""Euler-Maruyama for Ito SDEs."""

from torch import Tensor

from truescore.dynamics.base import SDE
from truescore.dynamics.integrators.base import AnyDynamics


class EulerMaruyama(AnyDynamics):
    """x_s = x_t + a (s - t) + b (W_s - W_t): strong order 1/2 (1 for additive noise), weak order 1.

    Maruyama 1955; Kloeden and Platen 1992, section 10.2. Without noise it is Euler's rule.
    """

    def step(self, dynamics: SDE, x: Tensor, t: Tensor, s: Tensor, increment: Tensor) -> Tensor:
        """One step; see ``Integrator.step``."""
        return x + dynamics.drift(x, t) * (s - t) + dynamics.diffusion(x, t) * increment
