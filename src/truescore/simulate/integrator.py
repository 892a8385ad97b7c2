"""What every integrator of Langevin dynamics offers; what a step does is the subclass's."""

import copy
import math
from abc import ABC, abstractmethod
from typing import Any, Self

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.targets.base import check_width


class Integrator(ABC):
    """Steps of dX = -grad V(X) dt + sqrt(2T) dW, whose stationary law is exp(-V/T)/Z.

    Many chains move together, in float64. An integrator may carry other points than those that are
    to be looked at: ``start`` turns points ``(n, d)`` into what is carried, ``step`` moves it,
    ``output`` turns it into points ``(n, d)``. For most integrators all three are the same points.

    Args:
        law: a law of reals with ``score`` (grad log p) and ``log_prob``; its ``temperature`` is 1
            where it has none.
        dt: length of a step in time, > 0, in units where the mobility is 1.

    Raises:
        UserError: for a law of spins or without a score, or a step that is not positive.
    """

    def __init__(self, law: Any, dt: float) -> None:
        if law.state_space != "real":
            raise UserError("got a law of spins, expected reals for Langevin dynamics")
        if not hasattr(law, "score"):
            raise UserError(f"got {type(law).__name__}, which has no score: give it one")
        if not 0 < dt < math.inf:
            raise UserError(f"got dt={dt}, expected > 0 and finite")
        self.law = law
        self.dt = dt
        self.temperature = law_temperature(law)

    @property
    @abstractmethod
    def gradient_evaluations(self) -> int:
        """Gradients of V per step and chain."""

    @property
    def exact(self) -> bool:
        """Whether the law is stationary whatever dt is."""
        return False

    @abstractmethod
    def step(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Carry points ``(n, d)`` over a time dt."""

    def start(self, x: Tensor) -> Tensor:
        """What is carried from points ``(n, d)``."""
        check_width(x, self.law.dim)
        return x.double()

    def output(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Points ``(n, d)`` from what is carried."""
        return x

    def run(self, x: Tensor, steps: int, generator: torch.Generator) -> Tensor:
        """Take ``steps`` steps from what is carried.

        Raises:
            UserError: as soon as a chain has left the finite numbers.
        """
        for k in range(steps):
            x = self.step(x, generator)
            lost = int((~x.isfinite()).any(-1).sum())
            if lost:
                raise UserError(
                    f"got {lost} of {len(x)} chains that overflowed in step {k + 1} of"
                    f" {type(self).__name__} with dt={self.dt:g}: lower dt, or choose TamedEuler,"
                    " Strang or MALA"
                )
        return x

    def heated(self, temperature: float) -> Self:
        """The same dynamics for exp(-V/T') at another temperature T'."""
        other = copy.copy(self)
        other.temperature = temperature
        return other

    def gradient(self, x: Tensor) -> Tensor:
        """Grad V, ``(n, d)``."""
        return -law_temperature(self.law) * self.law.score(x)

    def log_density(self, x: Tensor) -> Tensor:
        """-V/T up to a constant, ``(n,)``; -inf outside the law's support."""
        return law_temperature(self.law) / self.temperature * self.law.log_prob(x)

    def noise(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Standard normal numbers in the shape of x."""
        return torch.randn(x.shape, dtype=x.dtype, device=x.device, generator=generator)


def law_temperature(law: Any) -> float:
    """T of exp(-V/T)/Z; 1 for a law that names none."""
    return getattr(law, "temperature", 1.0)
