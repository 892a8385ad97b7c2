"""The probability flow in whitened modes: at rest where the law is Gaussian.

With y = x_t/alpha, r = sigma/alpha, u_k the amplitude of y in the k-th eigenmode of the law's
second moments and l_k its variance, the flow of w_k = u_k / sqrt(l_k + r^2) is

    dw_k / dlog r = (l_k/(l_k + r^2) u_k - D_k) / sqrt(l_k + r^2),    D = E[x_0 | x_t]:

free of the schedule, and zero where the law is Gaussian.
"""

from torch import Tensor

from truescore.denoisers import RealDenoiser


def whiten(denoiser: RealDenoiser, x_t: Tensor, t: Tensor) -> Tensor:
    """Modes w of points x_t, ``(n, d)``."""
    return (x_t.to(denoiser.basis) @ denoiser.basis) / spread(denoiser, t)


def unwhiten(denoiser: RealDenoiser, w: Tensor, t: Tensor) -> Tensor:
    """x_t of points w, ``(n, d)``."""
    return (w * spread(denoiser, t)) @ denoiser.basis.mT


def velocity(denoiser: RealDenoiser, x_t: Tensor, t: Tensor) -> Tensor:
    """dw/dlog r at the points x_t, ``(n, d)``."""
    alpha, scale = denoiser.process.alpha(t)[:, None], spread(denoiser, t)
    posterior_mean = denoiser.posterior_mean(x_t, t).to(denoiser.basis) @ denoiser.basis
    gaussian = alpha * denoiser.spectrum / scale * whiten(denoiser, x_t, t)
    return alpha / scale * (gaussian - posterior_mean)


def spread(denoiser: RealDenoiser, t: Tensor) -> Tensor:
    """Standard deviation of x_t in every mode, ``(n, d)``; ``(1, d)`` where all share one t."""
    if t.stride() == (0,):  # as on a path: a row says it for all, at a tenth of the cost
        t = t[:1]
    alpha, sigma = denoiser.process.alpha(t)[:, None], denoiser.process.sigma(t)[:, None]
    return (alpha**2 * denoiser.spectrum + sigma**2).sqrt()


def to_data(denoiser: RealDenoiser, x_t: Tensor, t: Tensor) -> Tensor:
    """x_0 of points at a small time t, ``(n, d)``; exact up to order r^4.

    The velocity vanishes like r^2, so that its integral over log r down to r = 0 is half of it.
    """
    w = whiten(denoiser, x_t, t) - velocity(denoiser, x_t, t) / 2
    return (w * denoiser.spectrum.sqrt()) @ denoiser.basis.mT
