"""How far the law at the horizon is from the Gaussian that samplers start from."""

from typing import Literal

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.processes.gaussian import GaussianNoise

Prior = Literal["noise", "second_moments"]


def gaussian_prior_kl(
    process: GaussianNoise, mean: Tensor, covariance: Tensor, t: Tensor, prior: Prior = "noise"
) -> Tensor:
    """KL(p_t || prior) in nats for Gaussian data N(m, S), exact, in the shape of t, float64.

    With r = (alpha/sigma)^2, l_k the eigenvalues of S and m_k the components of m along its
    eigenvectors, p_t/sigma has variances 1 + r l_k, and

    - ``noise``: the prior N(0, sigma^2 I); KL = sum_k [r l_k - log(1 + r l_k) + r m_k^2] / 2.
    - ``second_moments``: N(0, alpha^2 (S + m m') + sigma^2 I), from which a model starts that is
      odd by construction; KL = log(1 + sum_k r m_k^2/(1 + r l_k)) / 2, zero for centred data.

    All other models start from N(alpha m, alpha^2 S + sigma^2 I), which is p_t itself. For data
    that are not Gaussian KL to it is smaller than to the second by just the second's KL above, as
    of two Gaussians of which one has p_t's moments; and see ``sufficient_noise``.

    Args:
        process: forward process.
        mean: m, ``(d,)``.
        covariance: S, ``(d, d)``.
        t: times, elementwise, > 0.
        prior: which of the two.
    """
    spectrum, basis = torch.linalg.eigh(covariance.double())
    ratio = process.log_snr(t.double()).exp()[..., None]
    variance, offset = ratio * spectrum.clamp(min=0), ratio * (mean.double() @ basis) ** 2
    if prior == "noise":
        return (variance - variance.log1p() + offset).sum(-1) / 2
    if prior == "second_moments":
        return (offset / (1 + variance)).sum(-1).log1p() / 2
    raise UserError(f"got prior={prior!r}, expected noise or second_moments")


def sufficient_noise(mean: Tensor, covariance: Tensor, tolerance: float) -> float:
    """The noise over signal sigma/alpha at which KL(p_T || prior) <= tolerance, whatever the law.

    KL is convex in p_T, a mixture over x_0 of N(alpha x_0, sigma^2 I), so that it is at most
    (alpha/sigma)^2 E|x_0|^2/2 to N(0, sigma^2 I), and less to the Gaussian with the moments of x_T.
    A law of one point meets the bound, so no smaller noise would do for all laws. Exploding noise
    takes it where ``sigma_max`` is ``None``; ``time_from_log_snr(-2 log of it)`` is a horizon.

    Args:
        mean: E[x_0], ``(d,)``.
        covariance: Cov[x_0], ``(d, d)``.
        tolerance: in nats, > 0.
    """
    return noise_for(total_second_moment(mean, covariance), tolerance)


def total_second_moment(mean: Tensor, covariance: Tensor) -> float:
    """E|x_0|^2 = tr Cov[x_0] + |E[x_0]|^2."""
    return float(covariance.double().diagonal().sum() + mean.double() @ mean.double())


def noise_for(second_moment: float | None, tolerance: float) -> float:
    """``sufficient_noise`` from E|x_0|^2.

    Raises:
        UserError: the tolerance is not above 0, or there is no second moment to choose by.
    """
    if not tolerance > 0:
        raise UserError(f"got tolerance={tolerance}, expected > 0 nats")
    if second_moment is None:
        raise UserError(
            "got sigma_max=None without second_moment, expected E|x_0|^2 of the law to choose it"
            " by: give one of the two"
        )
    return (second_moment / tolerance / 2) ** 0.5
