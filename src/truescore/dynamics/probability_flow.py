"""The deterministic flow with the same marginals as a noising SDE."""

from torch import Tensor

from truescore.dynamics.base import ODE
from truescore.dynamics.langevin import needs_reals
from truescore.dynamics.linear import OrnsteinUhlenbeck
from truescore.dynamics.scores import score
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
        needs_reals(target)
        self.target = target
        self.sde = OrnsteinUhlenbeck(theta, sigma)

    def drift(self, x: Tensor, t: Tensor) -> Tensor:
        """The SDE's drift less half its squared noise times the exact score."""
        decay, spread = self.sde.transition(float(t))
        return self.sde.drift(x, t) - self.sde.sigma**2 / 2 * score(self.target, x, decay, spread)
