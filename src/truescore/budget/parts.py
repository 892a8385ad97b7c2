"""From two samplings on the same noise to the error that lies between them, with its interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from truescore.metrics.interval import Z95, debiased_interval
from truescore.metrics.observable_error import group_averages
from truescore.metrics.verdict import signed_root
from truescore.targets import Observable


@dataclass(frozen=True)
class Averages:
    """Averages of an observable over groups of successive samples, ``(G, p)``, and over all."""

    groups: Tensor
    total: Tensor

    @classmethod
    def of(cls, observable: Observable, x: Tensor) -> "Averages":
        """Those of samples ``(n, d)``."""
        return cls(*group_averages(observable, x))


@dataclass(frozen=True)
class Part:
    """How far one thing moves an average, in the observable's units.

    Of one number: the change itself, with its sign. Of a vector or matrix: the norm of the change,
    less its own noise, sign(u) sqrt|u|; negative means that noise alone would show more.

    Attributes:
        value: the change, or its size.
        low: lower end of the 95% interval.
        high: upper end.
        square: u, an unbiased estimate of the squared change.
    """

    value: float
    low: float
    high: float
    square: float

    @property
    def seen(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def part(before: Averages, after: Averages) -> Part:
    """The change delta from one rung to the next, from differences of groups on the same noise.

    e = delta + noise; u = |e|^2 - tr Cov(noise), the noise measured by the scatter of the groups'
    *differences*, from which what both rungs share has dropped out. The interval of a vector is
    that of ``metrics.interval.debiased_interval``, that of a number e +- 1.96 standard errors.
    """
    groups, e = after.groups - before.groups, after.total - before.total
    variance = float(groups.var(0).sum()) / len(groups)
    square = float(e @ e) - variance
    if len(e) == 1:
        reach = Z95 * math.sqrt(variance)
        return Part(float(e), float(e) - reach, float(e) + reach, square)
    return Part(signed_root(square), *debiased_interval(groups, e, math.sqrt(variance)), square)


@dataclass(frozen=True)
class Split:
    """The parts of one observable's error, and what they are together.

    The error vectors avg - exact of the rungs telescope: the parts' vectors add up to the total's
    exactly. Their norms do not; norms of orthogonal parts add in squares.

    Attributes:
        parts: from each rung to the next.
        total: from the first rung to the last.
    """

    parts: Sequence[Part]
    total: Part

    @property
    def sum_of_sizes(self) -> float:
        """Sum of the parts' sizes, the total of parts in one direction; a size below 0 is noise."""
        return sum(max(each.value, 0.0) for each in self.parts)

    @property
    def root_of_squares(self) -> float:
        """sign(u) sqrt|u|, u the sum of the parts' squares: the total of orthogonal parts."""
        return signed_root(sum(each.square for each in self.parts))


def split(rungs: Sequence[Averages]) -> Split:
    """The parts between successive rungs, at least two."""
    parts = [part(a, b) for a, b in zip(rungs, rungs[1:], strict=False)]
    return Split(parts, part(rungs[0], rungs[-1]))
