"""Geometric Brownian motion: noise that grows with x, and a solution in closed form."""

from torch import Tensor

from truescore.dynamics.base import SDE, positive


class GeometricBrownianMotion(SDE):
    """dX = mu X dt + sigma X dW, solved by X_t = X_0 exp((mu - sigma^2/2) t + sigma W_t).

    Here integrators of different strong order differ, and their error on each path is known.

    Args:
        mu: rate of growth of E[X_t].
        sigma: relative strength of the noise, > 0.
    """

    def __init__(self, mu: float, sigma: float) -> None:
        positive("sigma", sigma)
        self.mu = mu
        self.sigma = sigma

    def drift(self, x: Tensor, t: Tensor) -> Tensor:
        """Mu x."""
        return self.mu * x

    def diffusion(self, x: Tensor, t: Tensor) -> Tensor:
        """Sigma x."""
        return self.sigma * x

    def diffusion_slope(self, x: Tensor, t: Tensor) -> Tensor:
        """Sigma."""
        return self.sigma + 0 * x

    def solution(self, x_0: Tensor, t: float, w_t: Tensor) -> Tensor:
        """X_t on the paths from x_0 whose Brownian motion stands at w_t, ``(n, d)``."""
        return x_0 * ((self.mu - self.sigma**2 / 2) * t + self.sigma * w_t).exp()
