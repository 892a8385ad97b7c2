"""The Kolmogorov-Smirnov distance of single-site marginals."""

import torch
from torch import Tensor

from truescore.targets import Target

# Entries handed to the exact distribution function at once.
ENTRIES = 2**23


def ks_distance(target: Target, x: Tensor) -> Tensor:
    """max_i sup_v |F_n(v) - F(v)| over sites i, for sets of samples ``(..., n, d) -> (...)``.

    F_n - F is largest on arriving at a sample, F - F_n just before one; with P(X < v) and
    P(X <= v) in place of F(v) this holds for laws with atoms, ties included. Of spins and states
    both step at the states alone.
    """
    if target.state_space != "real":
        return _distance_at_states(target, x)
    *sets, n, dim = x.shape
    ordered = x.reshape(-1, n, dim).mT.clone(memory_format=torch.contiguous_format)
    # Sorting takes three times the memory of what is sorted.
    for part in ordered.view(-1, n).split(max(1, ENTRIES // n)):
        part.copy_(part.sort().values)
    ordered = ordered.mT
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


def _distance_at_states(target: Target, x: Tensor) -> Tensor:
    states = range(target.n_states) if target.n_states else (-1.0, 1.0)
    worst = torch.zeros(x.shape[:-2], dtype=torch.float64)
    for state in states:
        _, reached = target.marginal_cdf(torch.full((1, x.shape[-1]), state, dtype=x.dtype))
        gap = ((x <= state).double().mean(-2) - reached).abs().amax(-1)
        worst = torch.maximum(worst, gap)
    return worst
