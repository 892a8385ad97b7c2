"""Exact samples of chains whose sites have finitely many states, by a compiled walk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numba import njit
from torch import Tensor

if TYPE_CHECKING:
    from truescore.targets.chain import NearestNeighbourChain

# Samples whose rows the walk holds in the cache at a time.
TILE = 64


def sample_states(chain: NearestNeighbourChain, n: int, generator: torch.Generator) -> Tensor:
    """Draw ``n`` independent samples site after site, ``(n, d)``, float32.

    A uniform number says by which of the sums P(s) + P(s+1) + ... + P(K-1) it is exceeded, so that
    the last state takes the smallest numbers.
    """
    uniform = torch.rand(chain.dim, n, dtype=torch.float64, generator=generator)
    states = np.empty((n, chain.dim), dtype=np.float32)
    first, later = chain.state_tails
    nodes = chain.nodes.float().numpy()
    _walk(uniform.numpy(), first.numpy(), later.numpy(), nodes, states)
    return torch.from_numpy(states)


@njit(cache=True, nogil=True)
def _walk(
    uniform: np.ndarray,
    first: np.ndarray,
    later: np.ndarray,
    nodes: np.ndarray,
    states: np.ndarray,
) -> None:
    last, rings = len(first), later.shape[1] > 1
    dim, n = uniform.shape
    for start in range(0, n, TILE):
        stop = min(start + TILE, n)
        began = np.empty(stop - start, dtype=np.int64)
        state = np.empty(stop - start, dtype=np.int64)
        for j in range(start, stop):
            reached = last
            for tail in first:
                reached -= uniform[0, j] >= tail
            state[j - start] = reached
            began[j - start] = reached if rings else 0
            states[j, 0] = nodes[reached]
        for i in range(1, dim):
            for j in range(start, stop):
                ring, before, u = began[j - start], state[j - start], uniform[i, j]
                reached = last
                for k in range(last):
                    reached -= u >= later[i - 1, ring, before, k]
                state[j - start] = reached
                states[j, i] = nodes[reached]
