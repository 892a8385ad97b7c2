"""The Kolmogorov-Smirnov distance of single-site marginals."""

import torch
from torch import Tensor

from truescore.targets import Target

# Entries handed to the exact distribution function at once.
ENTRIES = 2**23


def ks_distance(target: Target, x: Tensor) -> Tensor:
    """max_i sup_v |F_n(v) - F(v)| over sites i, for sets of samples ``(..., n, d) -> (...)``.

    F_n - F is largest on arriving at a sample, F - F_n just before one; with P(X < v) and
    P(X <= v) in place of F(v) this holds for laws with atoms, ties included.
    """
    *sets, n, dim = x.shape
    ordered = x.reshape(-1, n, dim).mT.contiguous().sort().values.mT
    worst = torch.zeros(len(ordered), dtype=torch.float64)
    rank = torch.arange(n, dtype=torch.float64)[:, None]
    rows = max(1, ENTRIES // (n * dim))
    columns = max(1, ENTRIES // (rows * dim))
    for i in range(0, len(ordered), rows):
        for j in range(0, n, columns):
            block, below = ordered[i : i + rows, j : j + columns], rank[j : j + columns]
            lower, upper = target.marginal_cdf(block.reshape(-1, dim))
            above = (below + 1) / n - upper.reshape(block.shape)
            under = lower.reshape(block.shape) - below / n
            gap = torch.maximum(above, under).amax((1, 2))
            worst[i : i + rows] = torch.maximum(worst[i : i + rows], gap)
    return worst.reshape(sets)
