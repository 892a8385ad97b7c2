"""Integrators built around another one."""

from typing import ClassVar, Self

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.simulate.integrator import Integrator


class Wrapper(Integrator):
    """Adds a move or a rule to each step of an inner integrator.

    They nest one way, so that every Metropolis move sees the law that it is for: a box directly
    around the integrator, a flip around that, tempering outermost.

    Args:
        inner: the integrator to build around.

    Raises:
        UserError: for another order.
    """

    layer: ClassVar[int]

    def __init__(self, inner: Integrator) -> None:
        if isinstance(inner, Wrapper) and inner.layer >= self.layer:
            raise UserError(
                f"got {type(self).__name__} around {type(inner).__name__}, expected at most"
                " ParallelTempering(GlobalFlip(Box(integrator))): nest them in that order"
            )
        super().__init__(inner.law, inner.dt)
        self.temperature = inner.temperature
        self.inner = inner

    @property
    def gradient_evaluations(self) -> int:
        """The inner integrator's."""
        return self.inner.gradient_evaluations

    @property
    def exact(self) -> bool:
        """The inner integrator's."""
        return self.inner.exact

    def start(self, x: Tensor) -> Tensor:
        """What the inner integrator carries."""
        return self.inner.start(x)

    def output(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """The inner integrator's."""
        return self.inner.output(x, generator)

    def heated(self, temperature: float) -> Self:
        """The same around the inner integrator at another temperature."""
        other = super().heated(temperature)
        other.inner = self.inner.heated(temperature)
        return other
