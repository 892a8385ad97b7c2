"""Euler's rule for ODEs."""

from torch import Tensor

from truescore.dynamics.base import ODE, SDE
from truescore.dynamics.integrators.base import Integrator
from truescore.errors import UserError


class Euler(Integrator):
    """x_s = x_t + a(x_t, t) (s - t): order 1."""

    def check(self, dynamics: SDE) -> None:
        """Refuse noise, which this rule would leave out."""
        if not isinstance(dynamics, ODE):
            raise UserError(
                f"got Euler for {type(dynamics).__name__}, which has noise, expected an ODE:"
                " use EulerMaruyama"
            )

    def step(self, dynamics: SDE, x: Tensor, t: Tensor, s: Tensor, increment: Tensor) -> Tensor:
        """One step; see ``Integrator.step``."""
        return x + dynamics.drift(x, t) * (s - t)
