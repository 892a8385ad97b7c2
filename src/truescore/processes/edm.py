"""Noise whose scale is the time itself."""

import torch
from torch import Tensor

from truescore.processes.gaussian import GaussianNoise, check_times
from truescore.processes.prior import noise_for


class EDM(GaussianNoise):
    """dX = sqrt(2 t) dW: alpha = 1, sigma = t, T = sigma_max. Karras et al. 2022, arXiv 2206.00364.

    Args:
        t_min: smallest time, and noise, in use, > 0.
        sigma_max: largest time, and noise, > t_min; ``None`` for the least at which
            KL(p_T || prior) <= tolerance for any law of its second moment, see
            ``sufficient_noise``.
        tolerance: in nats, > 0; it chooses sigma_max where that is ``None``.
        second_moment: E|x_0|^2 of the law, for the same.
    """

    def __init__(
        self,
        t_min: float = 0.002,
        sigma_max: float | None = 80.0,
        tolerance: float = 0.01,
        second_moment: float | None = None,
    ) -> None:
        if sigma_max is None:
            sigma_max = noise_for(second_moment, tolerance)
        check_times(t_min, sigma_max)
        self.t_min = t_min
        self.horizon = sigma_max

    def alpha(self, t: Tensor) -> Tensor:
        """One."""
        return torch.ones_like(t)

    def sigma(self, t: Tensor) -> Tensor:
        """The time."""
        return t

    def drift_rate(self, t: Tensor) -> Tensor:
        """Zero."""
        return torch.zeros_like(t)

    def variance_rate(self, t: Tensor) -> Tensor:
        """2 t."""
        return 2 * t

    def time_from_log_snr(self, log_snr: Tensor) -> Tensor:
        """Time is sigma."""
        return (-log_snr / 2).exp()
