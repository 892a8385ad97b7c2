"""What one measurement says: a value with its spread, and whether it is as good as it should be."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Any, Self

log = logging.getLogger("truescore")
# Of a normal law these hold the middle 68 %.
LOW, HIGH = 0.16, 0.84


@dataclass(frozen=True)
class Spread:
    """Repeated values: their median and the interval from 16 to 84 % of them.

    Attributes:
        median: of the values.
        low: 16 % are smaller.
        high: 16 % are larger.
        n: how many there are.
    """

    median: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Of one value or more, between which quantiles are interpolated."""
        values = [float(value) for value in values]
        if len(values) == 1:
            return cls(values[0], values[0], values[0], 1)
        percent = quantiles(values, n=100, method="inclusive")
        return cls(percent[49], percent[round(100 * LOW) - 1], percent[round(100 * HIGH) - 1],
                   len(values))  # fmt: skip


@dataclass(frozen=True)
class Target:
    """What a median should be.

    Attributes:
        bound: to keep to.
        at_least: whether from above; else the median should be at most the bound.
    """

    bound: float
    at_least: bool = True

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.bound:g}"

    def met(self, value: float) -> bool:
        """Whether a value keeps to the bound."""
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        group: of the benchmark.
        case: what is measured, at which size.
        quantity: which of its numbers.
        unit: ``x`` of a ratio, else a unit.
        spread: what was found; ``None`` if it could not be measured, for the reason in ``note``.
        target: what it should be, if anything.
        note: what else there is to say.
    """

    group: str
    case: str
    quantity: str
    unit: str
    spread: Spread | None
    target: Target | None = None
    note: str = ""

    @classmethod
    def ratio(
        cls,
        group: str,
        case: str,
        quantity: str,
        spread: Spread | None,
        target: Target | None = None,
        note: str = "",
    ) -> Self:
        """A row of a ratio."""
        return cls(group, case, quantity, "x", spread, target, note)

    @classmethod
    def absent(
        cls, group: str, case: str, quantity: str, why: str, target: Target | None = None
    ) -> Self:
        """A row of what could not be measured, and why."""
        return cls(group, case, quantity, "", None, target, why)

    @property
    def verdict(self) -> str:
        """``met``, ``missed`` or ``not measured``; nothing if there is no target."""
        if self.spread is None:
            return "not measured"
        if self.target is None:
            return ""
        return "met" if self.target.met(self.spread.median) else "missed"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"verdict": self.verdict}


def kept(rows: Iterable[Row], group: str, case: str) -> Iterator[Row]:
    """The rows; where measuring them fails, those before it and one that says why."""
    try:
        yield from rows
    except Exception as error:  # what cannot be measured must not cost the rows of others
        log.exception("%s: %s", group, case)
        words = " ".join(str(error).split())
        yield Row.absent(group, case, "what was left of it", f"{type(error).__name__}: {words}")
