"""Gaussian processes of noise: x_t = alpha(t) x_0 + sigma(t) z."""

import math
from abc import abstractmethod

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.processes.base import Process


class GaussianNoise(Process):
    """x_t = alpha(t) x_0 + sigma(t) z, z ~ N(0, I), the solution of dX = f(t) X dt + g(t) dW.

    f = d log alpha / dt and g^2 = d sigma^2/dt - 2 f sigma^2. All of these are elementwise in t.
    """

    state_space = "real"

    @abstractmethod
    def alpha(self, t: Tensor) -> Tensor:
        """Scale of the signal."""

    @abstractmethod
    def sigma(self, t: Tensor) -> Tensor:
        """Scale of the noise."""

    @abstractmethod
    def drift_rate(self, t: Tensor) -> Tensor:
        """f(t) of the drift f(t) x."""

    @abstractmethod
    def diffusion(self, t: Tensor) -> Tensor:
        """g(t)."""

    def log_snr(self, t: Tensor) -> Tensor:
        """log(alpha^2 / sigma^2)."""
        return 2 * (self.alpha(t).log() - self.sigma(t).log())

    def perturb(self, x_0: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        """Draw x_t given x_0; see ``Process.perturb``."""
        z = torch.randn(x_0.shape, dtype=x_0.dtype, device=x_0.device, generator=generator)
        return self.alpha(t)[:, None] * x_0 + self.sigma(t)[:, None] * z


class VariancePreserving(GaussianNoise):
    """dX = -beta(t)/2 X dt + sqrt(beta(t)) dW, beta(t) = beta_min + t (beta_max - beta_min), T = 1.

    alpha = exp(-B(t)/2), sigma^2 = 1 - exp(-B(t)), B(t) = beta_min t + (beta_max - beta_min) t^2/2.
    Song et al. 2021, arXiv 2011.13456, appendix B.

    Args:
        beta_min: rate at t = 0, > 0.
        beta_max: rate at t = 1, >= beta_min.
        t_min: smallest time in use, inside (0, 1).
    """

    horizon = 1.0

    def __init__(self, beta_min: float = 0.1, beta_max: float = 20.0, t_min: float = 1e-3) -> None:
        if not 0 < beta_min <= beta_max:
            raise UserError(
                f"got beta_min={beta_min}, beta_max={beta_max}, expected 0 < min <= max"
            )
        if not 0 < t_min < 1:
            raise UserError(f"got t_min={t_min}, expected inside (0, 1)")
        self.beta_min = beta_min
        self.beta_max = beta_max
        self.t_min = t_min

    def integral(self, t: Tensor) -> Tensor:
        """B(t), the integral of beta from 0 to t."""
        return t * (self.beta_min + t * (self.beta_max - self.beta_min) / 2)

    def alpha(self, t: Tensor) -> Tensor:
        """exp(-B/2)."""
        return (-self.integral(t) / 2).exp()

    def sigma(self, t: Tensor) -> Tensor:
        """sqrt(1 - exp(-B)), without cancellation at small t."""
        return (-torch.expm1(-self.integral(t))).sqrt()

    def drift_rate(self, t: Tensor) -> Tensor:
        """-beta(t)/2."""
        return -(self.beta_min + t * (self.beta_max - self.beta_min)) / 2

    def diffusion(self, t: Tensor) -> Tensor:
        """sqrt(beta(t))."""
        return (-2 * self.drift_rate(t)).sqrt()

    def time_from_log_snr(self, log_snr: Tensor) -> Tensor:
        """Solve B(t) = log(1 + exp(-log_snr)) for t."""
        integral = torch.nn.functional.softplus(-log_snr)
        slope = self.beta_max - self.beta_min
        # The root of a quadratic in the form that does not cancel, and that allows slope = 0.
        return 2 * integral / (self.beta_min + (self.beta_min**2 + 2 * slope * integral).sqrt())

    def describe(self) -> str:
        """The signal left at the horizon."""
        alpha = math.exp(-(self.beta_min + self.beta_max) / 4)
        return f"VP noise: t in [{self.t_min:g}, 1], signal left at t = 1: alpha = {alpha:.1e}"
