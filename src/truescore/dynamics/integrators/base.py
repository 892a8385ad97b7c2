"""One step of an integrator; the loop over times is `truescore.dynamics.simulate`."""

from abc import ABC, abstractmethod

from torch import Tensor

from truescore.dynamics.base import SDE


class Integrator(ABC):
    """Moves points over a short time, given the increment of their Brownian motion.

    Taking the increment rather than drawing it lets steps of different sizes follow the same path.
    """

    @abstractmethod
    def check(self, dynamics: SDE) -> None:
        """Raise ``UserError`` if these dynamics are not for this integrator."""

    @abstractmethod
    def step(self, dynamics: SDE, x: Tensor, t: Tensor, s: Tensor, increment: Tensor) -> Tensor:
        """Move points ``(n, d)`` from time t to the later time s.

        Args:
            dynamics: what moves them.
            x: where they stand at t, shape ``(n, d)``.
            t: start, a scalar tensor.
            s: end, a scalar tensor.
            increment: W_s - W_t, shape ``(n, d)``; zero for an ODE.
        """


class AnyDynamics(Integrator):
    """An integrator for every SDE and every ODE."""

    def check(self, dynamics: SDE) -> None:
        """Nothing is refused."""
