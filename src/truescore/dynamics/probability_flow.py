"""The deterministic flow with the same marginals as a noising SDE."""

from torch import Tensor

from truescore.dynamics.base import ODE
from truescore.dynamics.linear import OrnsteinUhlenbeck
from truescore.dynamics.noised_law import NoisedLaw
from truescore.targets import Target


class ProbabilityFlow(ODE):
    """dX/dt = -theta X - (sigma^2/2) grad log p_t(X), with p_t the Ornstein-Uhlenbeck law at t.

    X_0 ~ target gives X_t ~ p_t at every t, t = 0 being data, as the SDE does, but without noise.
    Song et al. 2021, arXiv 2011.13456, equation 13.

    Args:
        target: the law of X_0, of reals.
        theta: rate of return to 0, > 0.
        sigma: strength of the SDE's noise, > 0.
    """

    def __init__(self, target: Target, theta: float, sigma: float) -> None:
        self.start = NoisedLaw(target)
        self.sde = OrnsteinUhlenbeck(theta, sigma)

    def drift(self, x: Tensor, t: Tensor) -> Tensor:
        """The SDE's drift less half its squared noise times the exact score."""
        return self.sde.drift(x, t) - self.sde.sigma**2 / 2 * self.law_at(float(t)).score(x)

    @property
    def stability_limit(self) -> float:
        """2/theta: the score drives points apart where the law is narrower than it will be."""
        return self.sde.stability_limit

    def law_at(self, t: float) -> NoisedLaw:
        """The law p_t of the points at time t."""
        return self.sde.carried(self.start.target, t)
