"""How far the sites of a chain know of each other."""

import math

from truescore.targets.base import Target
from truescore.targets.chain import NearestNeighbourChain


def correlation_length(target: Target) -> float | None:
    """xi, the distance in sites at which correlations have fallen to 1/e; ``None`` off a chain.

    From the exact covariance of this very law, walls and size included: c(r) is the mean of
    |Corr(x_i, x_{i+r})| over all sites i that have a site i + r, and log c is linear between whole
    distances. On a long ring of spins c(r) = tanh(J/T)^r, so xi = -1 / log tanh(J/T). Infinite if c
    stays above 1/e as far as the chain goes, which is half the ring.

    Args:
        target: a law; without neighbours on a line it has no such length.
    """
    if not isinstance(target, NearestNeighbourChain):
        return None
    covariance = target.covariance()
    scale = covariance.diagonal().sqrt()
    correlation = (covariance / scale[:, None] / scale).abs()
    ring = target.boundary == "periodic"
    last_log = 0.0
    for r in range(1, target.dim // 2 + 1 if ring else target.dim):
        c = float(correlation.diagonal(r).mean())
        if c <= math.exp(-1):
            log = math.log(c) if c > 0 else -math.inf
            return r - 1 + (1 + last_log) / (last_log - log)
        last_log = math.log(c)
    return math.inf
