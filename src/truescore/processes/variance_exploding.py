"""Variance-exploding noise: the signal stays, ever more noise is added."""

import math

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.processes.gaussian import GaussianNoise, check_times
from truescore.processes.prior import noise_for
from truescore.processes.schedules import Geometric


class VarianceExploding(GaussianNoise):
    """dX = s(t) sqrt(2 log r) dW, s(t) = sigma_min r^t, r = sigma_max/sigma_min, T = 1.

    alpha = 1. Two conventions for the variance live under this name, and differ by sigma_min^2:

    - ``blurred=False``: sigma^2 = s(t)^2 - sigma_min^2, the diffusion that starts at x_0 itself.
    - ``blurred=True``: sigma^2 = s(t)^2, in which x_0 is first blurred by N(0, sigma_min^2): what
      most code trains on. Then sigma(0) = sigma_min, the least noise there is, and t_min matters
      little: it may be as small as one likes.

    Song et al. 2021, arXiv 2011.13456: the first in appendix B, the second in appendix C.

    Args:
        sigma_min: scale at t = 0, > 0.
        sigma_max: scale at t = 1, > sigma_min; ``None`` for the least at which KL(p_T || prior) <=
            tolerance for any law of its second moment, see ``sufficient_noise``.
        blurred: the second convention.
        t_min: smallest time in use, inside (0, 1).
        tolerance: in nats, > 0; it chooses sigma_max where that is ``None``.
        second_moment: E|x_0|^2 of the law, for the same.
    """

    horizon = 1.0

    def __init__(
        self,
        sigma_min: float = 0.01,
        sigma_max: float | None = 100.0,
        blurred: bool = False,
        t_min: float = 1e-3,
        tolerance: float = 0.01,
        second_moment: float | None = None,
    ) -> None:
        if sigma_max is None:
            noise = noise_for(second_moment, tolerance)
            sigma_max = noise if blurred else math.hypot(noise, sigma_min)
        if not 0 < sigma_min < sigma_max:
            raise UserError(
                f"got sigma_min={sigma_min}, sigma_max={sigma_max}, expected 0 < min < max"
            )
        check_times(t_min, self.horizon)
        self.scale = Geometric(sigma_min, sigma_max)
        self.blurred = blurred
        self.t_min = t_min

    def alpha(self, t: Tensor) -> Tensor:
        """One."""
        return torch.ones_like(t)

    def sigma(self, t: Tensor) -> Tensor:
        """s(t), or sqrt(s(t)^2 - sigma_min^2) without cancellation at small t."""
        if self.blurred:
            return self.scale.value(t)
        return self.scale.first * torch.expm1(2 * self.scale.log_ratio * t).sqrt()

    def drift_rate(self, t: Tensor) -> Tensor:
        """Zero."""
        return torch.zeros_like(t)

    def variance_rate(self, t: Tensor) -> Tensor:
        """Rate d s^2/dt, the same in both conventions."""
        return 2 * self.scale.value(t) * self.scale.rate(t)

    def time_from_log_snr(self, log_snr: Tensor) -> Tensor:
        """Solve sigma(t) = exp(-log_snr/2) for t; below sigma_min a blurred process has t < 0."""
        if self.blurred:
            return self.scale.inverse((-log_snr / 2).exp())
        return torch.log1p((-log_snr).exp() / self.scale.first**2) / (2 * self.scale.log_ratio)
