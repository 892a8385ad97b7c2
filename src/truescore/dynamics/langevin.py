"""Overdamped Langevin dynamics: noise, and a drift up the density that holds it in balance."""

from torch import Tensor

from truescore.dynamics.base import AdditiveSDE
from truescore.dynamics.noised_law import NoisedLaw
from truescore.targets import Target


class OverdampedLangevin(AdditiveSDE):
    """dX = (sigma^2/2) grad log p(X) dt + sigma dW, whose stationary law is p for every sigma.

    sigma^2 only sets the pace: time enters as sigma^2 t. Between wells that noise seldom crosses,
    the law at finite t can stay far from p.

    Args:
        target: the law p of reals.
        sigma: strength of the noise, > 0.
    """

    def __init__(self, target: Target, sigma: float) -> None:
        super().__init__(sigma)
        self.law = NoisedLaw(target)

    def drift(self, x: Tensor, t: Tensor) -> Tensor:
        """(sigma^2/2) grad log p(x)."""
        return self.sigma**2 / 2 * self.law.score(x)

    def law_at(self, t: float) -> NoisedLaw:
        """The law that the points tend to, at every t."""
        return self.law
