"""Linear drift and additive noise: Brownian motion and Ornstein-Uhlenbeck, exact at every time."""

import math
from abc import abstractmethod

import torch
from torch import Tensor

from truescore.dynamics.base import AdditiveSDE, positive
from truescore.dynamics.noised_law import NoisedLaw
from truescore.targets import Target


class LinearSDE(AdditiveSDE):
    """Dynamics under which X_t given X_0 is Gaussian about a multiple of X_0, at any distance."""

    @abstractmethod
    def transition(self, duration: float) -> tuple[float, float]:
        """(decay, spread) of X_{t + duration} = decay X_t + spread z, z ~ N(0, I)."""

    def carried(self, target: Target, t: float) -> NoisedLaw:
        """The exact law of X_t for X_0 ~ target."""
        return NoisedLaw(target, *self.transition(t))


class BrownianMotion(LinearSDE):
    """dX = sigma dW. X_t - X_0 ~ N(0, sigma^2 t I).

    Args:
        sigma: strength of the noise, > 0.
    """

    def drift(self, x: Tensor, t: Tensor) -> Tensor:
        """Zero."""
        return torch.zeros_like(x)

    def transition(self, duration: float) -> tuple[float, float]:
        """(1, sigma sqrt(duration))."""
        return 1.0, self.sigma * math.sqrt(duration)


class OrnsteinUhlenbeck(LinearSDE):
    """dX = -theta X dt + sigma dW, with the stationary law N(0, D I), D = sigma^2 / (2 theta).

    X_{t+u} = exp(-theta u) X_t + sqrt(D (1 - exp(-2 theta u))) z. Over its own time theta t the
    process depends on D alone. Uhlenbeck and Ornstein 1930, Phys. Rev. 36, 823.

    Args:
        theta: rate of return to 0, > 0.
        sigma: strength of the noise, > 0.
    """

    def __init__(self, theta: float, sigma: float) -> None:
        super().__init__(sigma)
        positive("theta", theta)
        self.theta = theta

    @property
    def stationary_variance(self) -> float:
        """D = sigma^2 / (2 theta)."""
        return self.sigma**2 / (2 * self.theta)

    def drift(self, x: Tensor, t: Tensor) -> Tensor:
        """-theta x."""
        return -self.theta * x

    @property
    def stability_limit(self) -> float:
        """2/theta."""
        return 2 / self.theta

    def transition(self, duration: float) -> tuple[float, float]:
        """(exp(-theta u), sqrt(D (1 - exp(-2 theta u)))), without cancellation at small u."""
        grown = -math.expm1(-2 * self.theta * duration)
        return math.exp(-self.theta * duration), math.sqrt(self.stationary_variance * grown)
