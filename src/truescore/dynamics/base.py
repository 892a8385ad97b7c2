"""What moves points: stochastic and ordinary differential equations, forward in their own time."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor

from truescore.errors import UserError


class SDE(ABC):
    """dX = a(X, t) dt + b(X, t) dW in the sense of Ito, with noise of its own in every coordinate.

    Diagonal noise: b_i depends on x through x_i alone. Points are ``(n, d)``, t is a scalar tensor.
    """

    @abstractmethod
    def drift(self, x: Tensor, t: Tensor) -> Tensor:
        """a(x, t), ``(n, d)``."""

    @abstractmethod
    def diffusion(self, x: Tensor, t: Tensor) -> Tensor:
        """b(x, t), ``(n, d)``."""

    @abstractmethod
    def diffusion_slope(self, x: Tensor, t: Tensor) -> Tensor:
        """db_i/dx_i at (x, t), ``(n, d)``: what Milstein and the change to Stratonovich need."""

    @property
    def stability_limit(self) -> float:
        """Step 2/k from which explicit rules overshoot, k the fastest rate of return of the drift.

        Infinite where nothing returns.
        """
        return math.inf


class AdditiveSDE(SDE):
    """dX = a(X, t) dt + sigma dW: the noise does not see where it acts.

    Args:
        sigma: strength of the noise, > 0.
    """

    def __init__(self, sigma: float) -> None:
        positive("sigma", sigma)
        self.sigma = sigma

    def diffusion(self, x: Tensor, t: Tensor) -> Tensor:
        """Sigma everywhere."""
        return torch.full_like(x, self.sigma)

    def diffusion_slope(self, x: Tensor, t: Tensor) -> Tensor:
        """Zero."""
        return torch.zeros_like(x)


class ODE(SDE):
    """dX/dt = a(X, t): an SDE without noise, so that what integrates those integrates it too."""

    def diffusion(self, x: Tensor, t: Tensor) -> Tensor:
        """Zero."""
        return torch.zeros_like(x)

    def diffusion_slope(self, x: Tensor, t: Tensor) -> Tensor:
        """Zero."""
        return torch.zeros_like(x)


def positive(name: str, value: float) -> None:
    """Raise ``UserError`` unless a parameter is positive."""
    if not value > 0:
        raise UserError(f"got {name}={value:g}, expected a number > 0: raise it")
