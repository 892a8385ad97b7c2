"""Milstein's rule for Ito SDEs with diagonal noise."""

from torch import Tensor

from truescore.dynamics.base import SDE
from truescore.dynamics.integrators.base import AnyDynamics


class Milstein(AnyDynamics):
    """Euler-Maruyama plus b b' ((W_s - W_t)^2 - (s - t)) / 2: strong order 1, weak order 1.

    Milstein 1974; Kloeden and Platen 1992, section 10.3. For additive noise b' = 0, and the two
    rules are the same.
    """

    def step(self, dynamics: SDE, x: Tensor, t: Tensor, s: Tensor, increment: Tensor) -> Tensor:
        """One step; see ``Integrator.step``."""
        dt, b = s - t, dynamics.diffusion(x, t)
        correction = b * dynamics.diffusion_slope(x, t) * (increment**2 - dt) / 2
        return x + dynamics.drift(x, t) * dt + b * increment + correction
