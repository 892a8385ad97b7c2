"""Steps without error, for dynamics whose transition is known."""

from torch import Tensor

from truescore.dynamics.base import SDE
from truescore.dynamics.integrators.base import Integrator
from truescore.dynamics.linear import LinearSDE
from truescore.errors import UserError


class Exact(Integrator):
    """x_s = decay x_t + spread z, z = (W_s - W_t)/sqrt(s - t): the exact law at any step.

    Exact in law, not path by path: the increment serves as a standard normal number only.
    """

    def check(self, dynamics: SDE) -> None:
        """Refuse all but Brownian motion and Ornstein-Uhlenbeck."""
        _linear(dynamics)

    def step(self, dynamics: SDE, x: Tensor, t: Tensor, s: Tensor, increment: Tensor) -> Tensor:
        """One step; see ``Integrator.step``."""
        duration = float(s - t)
        decay, spread = _linear(dynamics).transition(duration)
        return decay * x + spread / duration**0.5 * increment


def _linear(dynamics: SDE) -> LinearSDE:
    if not isinstance(dynamics, LinearSDE):
        raise UserError(
            f"got Exact for {type(dynamics).__name__}, whose transition is not known, expected"
            " BrownianMotion or OrnsteinUhlenbeck: use EulerMaruyama or Heun"
        )
    return dynamics
