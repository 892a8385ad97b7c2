"""Overdamped Langevin dynamics: noise, and a drift up the density that holds it in balance."""

from torch import Tensor

from truescore.dynamics.base import AdditiveSDE
from truescore.dynamics.scores import score
from truescore.errors import UserError
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
        needs_reals(target)
        self.target = target

    def drift(self, x: Tensor, t: Tensor) -> Tensor:
        """(sigma^2/2) grad log p(x)."""
        return self.sigma**2 / 2 * score(self.target, x)


def needs_reals(target: Target) -> None:
    """Raise ``UserError`` unless a law lives on the reals."""
    if target.state_space != "real":
        raise UserError(
            f"got {type(target).__name__}, a law of spins, expected one of reals: spins have no"
            " gradient"
        )
