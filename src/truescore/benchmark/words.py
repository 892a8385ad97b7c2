"""A row of a benchmark in words, for tables and for lines."""

from collections.abc import Sequence

from truescore.benchmark.rows import Row

NOTE = (
    "x: a ratio of times (or of what else is said) measured in turn in this run; beside a median"
    " the interval that holds the middle 68 % of its repetitions."
)


def line(row: Row) -> str:
    """A row in one line."""
    parts = [row.group, row.case, row.quantity, value(row), verdict(row), row.note]
    return ": ".join(part for part in parts if part)


def misses(rows: Sequence[Row]) -> list[str]:
    """A line for each row that is worse than it should be, or that nobody could measure."""
    return [line(row) for row in rows if row.verdict in ("missed", "not measured")]


def value(row: Row) -> str:
    """The median with its interval and unit."""
    if row.spread is None:
        return "-"
    spread = row.spread
    interval = "" if spread.n == 1 else f" [{number(spread.low)}, {number(spread.high)}]"
    return f"{number(spread.median)}{interval} {row.unit}"


def number(value: float) -> str:
    """Three figures; thousands in full."""
    if abs(value) >= 1e7:
        return f"{value:.2e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def verdict(row: Row) -> str:
    """The target, and whether it was met."""
    words = [str(row.target)] if row.target else []
    return ", ".join([*words, *([row.verdict] if row.verdict else [])])
