"""Moments of many samples, in float64, with a block of them in memory at a time."""

from collections.abc import Iterator

import torch
from torch import Tensor

# Entries of a block: 128 MB in float64.
ENTRIES = 2**24


def blocks(x: Tensor) -> Iterator[Tensor]:
    """Successive rows of samples ``(n, d)``, float64."""
    for rows in x.split(max(1, ENTRIES // x.shape[1])):
        yield rows.double()


def mean(x: Tensor) -> Tensor:
    """Average of samples ``(n, d)``, ``(d,)`` float64."""
    return torch.stack([rows.sum(0) for rows in blocks(x)]).sum(0) / len(x)


def second_moment(x: Tensor, centre: Tensor | float = 0.0) -> Tensor:
    """Average of (x - c)(x - c)' of samples ``(n, d)``, ``(d, d)`` float64."""
    total = torch.zeros(x.shape[1], x.shape[1], dtype=torch.float64)
    for rows in blocks(x):
        deviation = rows - centre
        total += deviation.mT @ deviation
    return total / len(x)
