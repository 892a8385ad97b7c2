"""Do two sample sets look alike?"""

from typing import NamedTuple

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.metrics.null_law import NullLaw
from truescore.metrics.verdict import LEVEL
from truescore.targets.base import check_width

MOST = 2000
ALIKE = "no difference found"
DIFFERENT = "different"

# Entries of permuted weights at once.
ENTRIES = 2**21


class Answer(NamedTuple):
    """What a two-sample test says.

    Attributes:
        statistic: the energy distance of the two sets.
        p_value: chance of at least that much if both sets are of one law.
        verdict: ``no difference found`` if p >= 0.01, else ``different``.
    """

    statistic: float
    p_value: float
    verdict: str


def alike(x: Tensor, y: Tensor, generator: torch.Generator, n_permutations: int = 999) -> Answer:
    """Test whether two sets of independent samples are of one law, whichever it is.

    The energy distance sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|) is compared with those after
    dealing the pooled samples anew: the p-value is exact at every size, and every difference of
    laws is found with enough samples. Sites count in the units they have: scale them alike first.
    Szekely and Rizzo 2013.

    Args:
        x: reals or spins, ``(n, d)``; the first 2,000 are looked at.
        y: the other set, ``(m, d)``, likewise.
        generator: deals.
        n_permutations: number R of them, at least 100; p is at least 1/(R + 1).

    Raises:
        UserError: the sets differ in width, hold NaN or fewer than 2 samples.
    """
    if x.ndim != 2:
        raise UserError(f"got samples of shape {tuple(x.shape)}, expected (n, d): one row a sample")
    check_width(y, x.shape[1])
    if min(len(x), len(y)) < 2:
        raise UserError(f"got {len(x)} and {len(y)} samples, expected at least 2 of each")
    if n_permutations + 1 <= 1 / LEVEL:
        raise UserError(f"got n_permutations={n_permutations}, expected at least 100: raise it")
    x, y = x[:MOST].double().cpu(), y[:MOST].double().cpu()
    pooled = torch.cat([x, y])
    if not bool(torch.isfinite(pooled).all()):
        raise UserError("got NaN or infinite samples, expected finite ones: the sampler diverged")
    distances = torch.cdist(pooled, pooled)
    weights = torch.cat([torch.full((len(x),), 1 / len(x)), torch.full((len(y),), -1 / len(y))])
    weights = weights.double()

    def statistics(dealt: Tensor) -> Tensor:
        return (-(dealt @ distances * dealt).sum(1)).clamp(min=0).sqrt()

    observed = float(statistics(weights[None])[0])
    rows = torch.arange(n_permutations).split(max(1, ENTRIES // len(pooled)))
    permuted = [
        statistics(weights[torch.rand(len(row), len(pooled), generator=generator).argsort(1)])
        for row in rows
    ]
    p_value = NullLaw(torch.cat(permuted)).p_value(observed)
    return Answer(observed, p_value, ALIKE if p_value >= LEVEL else DIFFERENT)
