"""Gauss-Legendre quadrature on intervals, as the states of a real-valued chain."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor


@lru_cache(maxsize=64)
def _legendre(n: int) -> tuple[Tensor, Tensor]:
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return torch.from_numpy(nodes), torch.from_numpy(weights)


def gauss_legendre(low: Tensor, high: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """Nodes and log-weights of the n-point rule on [low, high], shapes ``(..., n)``.

    Args:
        low: lower ends, shape ``(...)``, float64.
        high: upper ends, the same shape.
        n: number of nodes; exact for polynomials of degree 2n - 1.
    """
    nodes, weights = (v.to(low.device) for v in _legendre(n))
    half = (high - low)[..., None] / 2
    return low[..., None] + half * (1 + nodes), half.log() + weights.log()


def panels(edges: list[float], n: int) -> tuple[Tensor, Tensor]:
    """The n-point rule on each panel between consecutive edges, shapes ``(n * panels,)``.

    Functions with a kink or a jump at an edge (a sign, a box) are integrated to full accuracy.
    """
    low = torch.tensor(edges[:-1], dtype=torch.float64)
    high = torch.tensor(edges[1:], dtype=torch.float64)
    nodes, log_weights = gauss_legendre(low, high, n)
    return nodes.flatten(), log_weights.flatten()
