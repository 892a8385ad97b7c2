"""Importance weights p/q of samples whose own log-likelihood is known."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from truescore.errors import UserError


@dataclass(frozen=True)
class ImportanceSampling:
    """What n samples of q say of an unnormalised law p~ = Z p.

    Attributes:
        weights: p~/q of each sample over their sum, ``(n,)``.
        effective_sample_size: 1/sum w^2, from 1 to n: n where q = p.
        log_normalizer: estimate of log Z, nats: the log of the mean of p~/q.
        standard_error: of ``log_normalizer``, to first order in the scatter of the weights; to be
            trusted only where the effective sample size is large.
    """

    weights: Tensor
    effective_sample_size: float
    log_normalizer: float
    standard_error: float


def importance_sampling(log_p: Tensor, log_q: Tensor) -> ImportanceSampling:
    """Weigh samples of q so that they speak of p.

    Args:
        log_p: log p~ of each sample, ``(n,)``, up to the constant log Z that is asked for.
        log_q: normalised log q of each sample, ``(n,)``.

    Raises:
        UserError: unless the two are of one shape ``(n,)``, n >= 2, and finite.
    """
    if log_p.ndim != 1 or log_p.shape != log_q.shape or len(log_p) < 2:
        raise UserError(
            f"got log_p {tuple(log_p.shape)} and log_q {tuple(log_q.shape)}, expected (n,) both"
            " with n >= 2"
        )
    log_ratio = log_p.double() - log_q.double()
    if not log_ratio.isfinite().all():
        raise UserError("got log-likelihoods that are not finite: did the sampler diverge?")
    n = len(log_ratio)
    weights = log_ratio.softmax(0)
    # In units of their mean the weights are n w; its standard error is that of log Z.
    scatter = float((n * weights).std()) / math.sqrt(n)
    return ImportanceSampling(
        weights,
        float(1 / (weights**2).sum()),
        float(torch.logsumexp(log_ratio, 0)) - math.log(n),
        scatter,
    )
