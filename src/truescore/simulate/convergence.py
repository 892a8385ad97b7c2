"""Whether chains agree, and how many independent draws they are worth."""

import torch
from torch import Tensor

FEWEST = 4
"""Draws a chain needs before anything is said about its correlations."""


def split_r_hat(draws: Tensor, groups: int | None = None) -> float:
    """Split R-hat of a scalar, sqrt(total variance / variance within); 1 at convergence.

    Each chain counts as two, its first and its second half. With ``groups`` chains are pooled into
    that many superchains, so that many short chains are judged like a few long ones: then
    R-hat^2 - 1 is about 2 * groups over the effective sample size, not over that of one chain.
    Vehtari et al. 2021, arXiv 1903.08008; groups: Margossian et al. 2024, arXiv 2110.13017.

    Args:
        draws: one column a chain, ``(m, n_chains)``, m >= 2.
        groups: number of superchains, at most ``n_chains``; ``None`` for every chain alone.
    """
    n_chains = draws.shape[1]
    groups = n_chains if groups is None else min(groups, n_chains)
    usable = draws[:, : n_chains // groups * groups]
    halves = _halves(usable)
    m = len(halves)
    pooled = halves.reshape(m, 2, groups, -1).permute(0, 3, 1, 2).reshape(-1, 2 * groups)
    within = float(pooled.var(0).mean())
    between = float(pooled.mean(0).var())
    if within == 0:
        return 1.0 if between == 0 else torch.inf
    return ((len(pooled) - 1) / len(pooled) + between / within) ** 0.5


def effective_size(draws: Tensor) -> float:
    """Number of independent draws whose mean is as exact as that of these, at most m n_chains.

    m n_chains / (1 + 2 sum_t rho_t), with autocorrelations rho_t of split chains that count the
    scatter between chains, summed while the sums of neighbouring pairs stay positive and made to
    fall (Geyer). Vehtari et al. 2021, arXiv 1903.08008, section 3.2. Chains of fewer than 4 draws
    count as one draw each, for different chains are independent.

    Args:
        draws: one column a chain, ``(m, n_chains)``.
    """
    n = draws.numel()
    if len(draws) < FEWEST:
        return float(draws.shape[1])
    halves = _halves(draws.double())
    m = len(halves)
    covariance = _autocovariance(halves)
    within = float(covariance[0]) * m / (m - 1)
    total = float(covariance[0]) + float(halves.mean(0).var())
    if total == 0:
        return float(n)
    rho = 1 - (within - covariance) / total
    rho[0] = 1.0
    pairs = rho[: m // 2 * 2].reshape(-1, 2).sum(1)
    negative = (pairs < 0).nonzero()
    if len(negative):
        pairs = pairs[: int(negative[0])]
    time = -1 + 2 * float(pairs.cummin(0).values.sum())
    return min(float(n), n / time) if time > 0 else float(n)


def _halves(draws: Tensor) -> Tensor:
    """First and second halves of all chains as chains of their own, ``(m // 2, 2 n_chains)``."""
    half = len(draws) // 2
    return torch.cat([draws[:half], draws[-half:]], 1)


def _autocovariance(chains: Tensor) -> Tensor:
    """Mean over chains of the autocovariance at every lag, divisor m, ``(m,)``."""
    m = len(chains)
    centred = chains - chains.mean(0)
    power = torch.fft.rfft(centred, n=2 * m, dim=0).abs().square()
    return torch.fft.irfft(power.mean(1), n=2 * m)[:m] / m
