"""The quarter circle from data to noise."""

import math

import torch
from torch import Tensor

from truescore.processes.gaussian import GaussianNoise, check_signal_left, check_times

QUARTER = math.pi / 2


class Trigonometric(GaussianNoise):
    """x_t = cos(pi t/2) x_0 + sin(pi t/2) z; f = -(pi/2) tan(pi t/2), g^2 = pi tan(pi t/2).

    Variance preserving at constant angular speed. At t = 1 there is no signal and the drift is
    infinite, so the horizon lies before it. Albergo and Vanden-Eijnden 2023, arXiv 2209.15571,
    equation 5.

    Args:
        t_min: smallest time in use, inside (0, horizon).
        horizon: largest time T, inside (0, 1); noise over signal there is tan(pi T/2).
    """

    def __init__(self, t_min: float = 1e-3, horizon: float = 0.995) -> None:
        check_signal_left(horizon)
        check_times(t_min, horizon)
        self.t_min = t_min
        self.horizon = horizon

    def alpha(self, t: Tensor) -> Tensor:
        """cos(pi t/2), written from the end, where it is small."""
        return (QUARTER * (1 - t)).sin()

    def sigma(self, t: Tensor) -> Tensor:
        """sin(pi t/2)."""
        return (QUARTER * t).sin()

    def drift_rate(self, t: Tensor) -> Tensor:
        """-(pi/2) tan(pi t/2), written from the end, where it diverges."""
        return -QUARTER / (QUARTER * (1 - t)).tan()

    def variance_rate(self, t: Tensor) -> Tensor:
        """Rate pi sin(pi t/2) cos(pi t/2)."""
        return 2 * QUARTER * self.sigma(t) * self.alpha(t)

    def time_from_log_snr(self, log_snr: Tensor) -> Tensor:
        """Solve tan(pi t/2) = exp(-log_snr/2) for t."""
        return torch.atan((-log_snr / 2).exp()) / QUARTER
