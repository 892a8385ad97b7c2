"""The straight line from data to noise."""

from torch import Tensor

from truescore.processes.gaussian import GaussianNoise, check_signal_left, check_times


class RectifiedFlow(GaussianNoise):
    """x_t = (1 - t) x_0 + t z: alpha = 1 - t, sigma = t; f = -1/(1 - t), g^2 = 2 t/(1 - t).

    At t = 1 there is no signal and the drift is infinite, so the horizon lies before it. Samplers
    start from x_T's own mean and covariance, so that T < 1 costs no bias in them.
    Liu et al. 2022, arXiv 2209.03003; Lipman et al. 2023, arXiv 2210.02747.

    Args:
        t_min: smallest time in use, inside (0, horizon).
        horizon: largest time T, inside (0, 1); noise over signal there is T/(1 - T).
    """

    def __init__(self, t_min: float = 1e-3, horizon: float = 0.995) -> None:
        check_signal_left(horizon)
        check_times(t_min, horizon)
        self.t_min = t_min
        self.horizon = horizon

    def alpha(self, t: Tensor) -> Tensor:
        """1 - t."""
        return 1 - t

    def sigma(self, t: Tensor) -> Tensor:
        """The time."""
        return t

    def drift_rate(self, t: Tensor) -> Tensor:
        """-1/(1 - t)."""
        return -1 / (1 - t)

    def variance_rate(self, t: Tensor) -> Tensor:
        """2 t."""
        return 2 * t

    def time_from_log_snr(self, log_snr: Tensor) -> Tensor:
        """Solve t/(1 - t) = exp(-log_snr/2) for t."""
        return (-log_snr / 2).sigmoid()
