"""The probability flow in whitened modes: at rest where the law is Gaussian.

With y = x_t/alpha, r = sigma/alpha, u_k the amplitude of y in the k-th eigenmode of the law's
second moments and l_k its variance, the flow of w_k = u_k / sqrt(l_k + r^2) is

    dw_k / dlog r = (l_k/(l_k + r^2) u_k - D_k) / sqrt(l_k + r^2),    D = E[x_0 | x_t]:

free of the schedule, and zero where the law is Gaussian.
"""

from functools import cached_property

from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.samplers.noise_level import NoiseLevel


class WhitenedModes:
    """The modes of a denoiser's law at the noise level of the times t, ``(n,)``.

    Attributes:
        alpha: scale of the signal, ``(n, 1)``; ``(1, 1)`` where all points share one t.
        log_r: log(sigma/alpha), of the same shape.
        spread: standard deviation of x_t in every mode, ``(n, d)`` or ``(1, d)``.
    """

    def __init__(self, denoiser: RealDenoiser, t: Tensor) -> None:
        self.denoiser, self.t = denoiser, t
        level = NoiseLevel(denoiser.process, t)
        self.alpha, self.log_r = level.alpha, level.log_r
        self.spread = (level.alpha**2 * denoiser.spectrum + level.sigma**2).sqrt()

    def whiten(self, x_t: Tensor) -> Tensor:
        """Modes w of points x_t, ``(n, d)``."""
        basis = self.denoiser.basis
        return (x_t.to(basis) @ basis) / self.spread

    def unwhiten(self, w: Tensor) -> Tensor:
        """x_t of points w, ``(n, d)``."""
        return (w * self.spread) @ self.denoiser.basis.mT

    def velocity(self, x_t: Tensor, w: Tensor) -> Tensor:
        """dw/dlog r at the points x_t, whose modes are w, ``(n, d)``."""
        basis = self.denoiser.basis
        posterior_mean = self.denoiser.posterior_mean(x_t, self.t).to(basis) @ basis
        return self._gain * (self._pull * w - posterior_mean)

    @cached_property
    def _pull(self) -> Tensor:
        return self.alpha * self.denoiser.spectrum / self.spread

    @cached_property
    def _gain(self) -> Tensor:
        return self.alpha / self.spread

    def to_data(self, x_t: Tensor) -> Tensor:
        """x_0 of points at a small time t, ``(n, d)``; exact up to order r^4.

        The velocity vanishes like r^2, so that its integral over log r down to r = 0 is half of it.
        """
        w = self.whiten(x_t)
        w = w - self.velocity(x_t, w) / 2
        return (w * self.denoiser.spectrum.sqrt()) @ self.denoiser.basis.mT
