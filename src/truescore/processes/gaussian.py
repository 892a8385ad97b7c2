"""What Gaussian processes of noise share: x_t = alpha(t) x_0 + sigma(t) z."""

from abc import abstractmethod

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.processes.base import Process

BISECTIONS = 80


class GaussianNoise(Process):
    """x_t = alpha(t) x_0 + sigma(t) z, z ~ N(0, I), the solution of dX = f(t) X dt + g(t) dW.

    f = d log alpha/dt and g^2 = d sigma^2/dt - 2 f sigma^2. All of these are elementwise in t. A
    process says what alpha, sigma and their two rates are; alpha falls and sigma grows, so that
    nothing cancels in g.
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
        """Rate f = d log alpha/dt of the drift f(t) x."""

    @abstractmethod
    def variance_rate(self, t: Tensor) -> Tensor:
        """Rate d sigma^2/dt."""

    def diffusion(self, t: Tensor) -> Tensor:
        """g(t)."""
        return (self.variance_rate(t) - 2 * self.drift_rate(t) * self.sigma(t) ** 2).sqrt()

    def log_snr(self, t: Tensor) -> Tensor:
        """log(alpha^2 / sigma^2)."""
        return 2 * (self.alpha(t).log() - self.sigma(t).log())

    def time_from_log_snr(self, log_snr: Tensor) -> Tensor:
        """Inverse of ``log_snr`` on [0, T], by bisection; a process that has a formula gives it."""
        low = torch.zeros_like(log_snr, dtype=torch.float64)
        high = torch.full_like(low, self.horizon)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            early = self.log_snr(middle) > log_snr
            low, high = torch.where(early, middle, low), torch.where(early, high, middle)
        return ((low + high) / 2).to(log_snr)

    def perturb(self, x_0: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        """Draw x_t given x_0; see ``Process.perturb``."""
        z = torch.randn(x_0.shape, dtype=x_0.dtype, device=x_0.device, generator=generator)
        return self.alpha(t)[:, None] * x_0 + self.sigma(t)[:, None] * z

    def describe(self) -> str:
        """The horizon, and how much of any law is left there.

        KL(p_T || N(0, sigma^2 I)) <= (alpha/sigma)^2 E|x_0|^2/2; see ``sufficient_noise``.
        """
        horizon = torch.tensor(self.horizon, dtype=torch.float64)
        alpha, sigma = float(self.alpha(horizon)), float(self.sigma(horizon))
        return (
            f"{type(self).__name__}: t in [{self.t_min:g}, {self.horizon:g}], at the end"
            f" alpha = {alpha:.1e}, sigma = {sigma:.4g},"
            f" KL(p_T || N(0, sigma^2 I)) <= {(alpha / sigma) ** 2 / 2:.1e} E|x_0|^2 nats"
        )


def check_times(t_min: float, horizon: float) -> None:
    """Raise ``UserError`` unless 0 < t_min < horizon."""
    if not 0 < t_min < horizon:
        raise UserError(f"got t_min={t_min}, expected inside (0, T = {horizon:g}): move it there")


def check_signal_left(horizon: float) -> None:
    """Raise ``UserError`` unless 0 < horizon < 1, for processes that have lost x_0 at t = 1."""
    if not 0 < horizon < 1:
        raise UserError(
            f"got horizon={horizon}, expected inside (0, 1): at t = 1 no signal is left"
        )
