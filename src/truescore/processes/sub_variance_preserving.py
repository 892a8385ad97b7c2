"""Sub-variance-preserving noise: at every time less noise than the variance-preserving one."""

import torch
from torch import Tensor

from truescore.processes.gaussian import GaussianNoise, check_times
from truescore.processes.schedules import LinearRate


class SubVariancePreserving(GaussianNoise):
    """dX = -beta/2 X dt + sqrt(beta (1 - exp(-2 B))) dW, with the linear rate of VP noise, T = 1.

    alpha = exp(-B(t)/2), sigma = 1 - exp(-B(t)), B the integral of beta. Song et al. 2021, arXiv
    2011.13456, section 3.4. At small t sigma grows like t, not like sqrt(t),
    so that t_min may be larger for the same noise.

    Args:
        beta_min: rate at t = 0, > 0.
        beta_max: rate at t = 1, >= beta_min.
        t_min: smallest time in use, inside (0, 1).
    """

    horizon = 1.0

    def __init__(self, beta_min: float = 0.1, beta_max: float = 20.0, t_min: float = 0.01) -> None:
        self.clock = LinearRate(beta_min, beta_max)
        check_times(t_min, self.horizon)
        self.t_min = t_min

    def alpha(self, t: Tensor) -> Tensor:
        """exp(-B/2)."""
        return (-self.clock.value(t) / 2).exp()

    def sigma(self, t: Tensor) -> Tensor:
        """1 - exp(-B), without cancellation at small t."""
        return -torch.expm1(-self.clock.value(t))

    def drift_rate(self, t: Tensor) -> Tensor:
        """-beta/2."""
        return -self.clock.rate(t) / 2

    def variance_rate(self, t: Tensor) -> Tensor:
        """2 sigma beta exp(-B)."""
        return 2 * self.sigma(t) * self.clock.rate(t) * (-self.clock.value(t)).exp()

    def time_from_log_snr(self, log_snr: Tensor) -> Tensor:
        """Solve alpha/sigma = 1/(2 sinh(B/2)) for B, then for t."""
        return self.clock.inverse(2 * ((-log_snr / 2).exp() / 2).asinh())
