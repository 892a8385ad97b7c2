"""Do two sample sets look alike? A permutation test on the energy distance."""

from typing import NamedTuple

import torch
from torch import Tensor

from truescore.metrics.verdict import LEVEL

MOST = 2000
PERMUTATIONS_AT_ONCE = 250


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
    """Test whether two sets of independent samples, ``(n, d)`` and ``(m, d)``, are of one law.

    The energy distance sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|) is compared with those after
    dealing the pooled samples anew, so that the p-value is exact. Szekely and Rizzo 2013.
    """
    x, y = x[:MOST].double(), y[:MOST].double()
    pooled = torch.cat([x, y])
    distances = torch.cdist(pooled, pooled)
    signs = torch.cat([torch.full((len(x),), 1 / len(x)), torch.full((len(y),), -1 / len(y))])
    dealt = [signs.double()]
    for _ in range(n_permutations):
        dealt.append(signs.double()[torch.randperm(len(signs), generator=generator)])
    blocks = torch.stack(dealt).split(PERMUTATIONS_AT_ONCE)
    squares = torch.cat([-(block @ distances * block).sum(1) for block in blocks])
    p_value = float((squares >= squares[0] * (1 - 1e-12)).sum()) / (n_permutations + 1)
    answer = "no difference found" if p_value >= LEVEL else "different"
    return Answer(float(squares[0].clamp(min=0).sqrt()), p_value, answer)
