"""Variance-preserving noise: the total variance of white data of unit variance stays one."""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from truescore.processes.gaussian import GaussianNoise, check_signal_left, check_times
from truescore.processes.schedules import CosineRate, LinearRate, Schedule


class OrnsteinUhlenbeck(GaussianNoise):
    """dX = -beta(t)/2 X dt + sqrt(beta(t)) dW, run by a clock B(t), the integral of beta.

    alpha = exp(-B/2), sigma^2 = 1 - exp(-B). Song et al. 2021, arXiv 2011.13456, appendix B.

    Attributes:
        clock: B(t), zero at t = 0.
    """

    clock: Schedule

    def alpha(self, t: Tensor) -> Tensor:
        """exp(-B/2)."""
        return (-self.clock.value(t) / 2).exp()

    def sigma(self, t: Tensor) -> Tensor:
        """sqrt(1 - exp(-B)), without cancellation at small t."""
        return (-torch.expm1(-self.clock.value(t))).sqrt()

    def drift_rate(self, t: Tensor) -> Tensor:
        """-beta/2."""
        return -self.clock.rate(t) / 2

    def variance_rate(self, t: Tensor) -> Tensor:
        """Rate beta exp(-B)."""
        return self.clock.rate(t) * (-self.clock.value(t)).exp()

    def time_from_log_snr(self, log_snr: Tensor) -> Tensor:
        """Solve B(t) = log(1 + exp(-log_snr)) for t."""
        return self.clock.inverse(softplus(-log_snr))


class VariancePreserving(OrnsteinUhlenbeck):
    """Ornstein-Uhlenbeck noise of linear rate, beta(t) = beta_min + t (beta_max - beta_min), T = 1.

    Args:
        beta_min: rate at t = 0, > 0.
        beta_max: rate at t = 1, >= beta_min.
        t_min: smallest time in use, inside (0, 1).
    """

    horizon = 1.0

    def __init__(self, beta_min: float = 0.1, beta_max: float = 20.0, t_min: float = 1e-3) -> None:
        self.clock = LinearRate(beta_min, beta_max)
        check_times(t_min, self.horizon)
        self.beta_min = beta_min
        self.beta_max = beta_max
        self.t_min = t_min


class CosineVariancePreserving(OrnsteinUhlenbeck):
    """Ornstein-Uhlenbeck noise whose alpha falls like a cosine; see ``CosineRate``.

    At t = 1 alpha is zero and beta infinite, which Nichol and Dhariwal (2021) avoid by clipping
    beta; here the horizon lies before it.

    Args:
        offset: the s > 0 of the schedule.
        t_min: smallest time in use, inside (0, horizon).
        horizon: largest time T, inside (0, 1).
    """

    def __init__(self, offset: float = 0.008, t_min: float = 1e-3, horizon: float = 0.995) -> None:
        check_signal_left(horizon)
        check_times(t_min, horizon)
        self.clock = CosineRate(offset)
        self.t_min = t_min
        self.horizon = horizon
