"""A benchmark as a table for the terminal, a line for each row, and its files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from truescore import plots
from truescore.benchmark.rows import Row
from truescore.files import write_json
from truescore.plots.benchmark import Bar, benchmark_figure

WIDTH = 130
SCHEMA_VERSION = 1
NOTE = (
    "x: a ratio of times (or of what else is said) measured in turn in this run; beside a median"
    " the interval that holds the middle 68 % of its repetitions."
)


@dataclass(frozen=True)
class Benchmark:
    """What was measured.

    Attributes:
        machine: plain values on the machine and the libraries.
        rows: the measurements.
    """

    machine: dict[str, Any]
    rows: Sequence[Row]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        rows = [row.as_dict() for row in self.rows]
        return {"schema_version": SCHEMA_VERSION, "machine": self.machine, "rows": rows}


def table(benchmark: Benchmark) -> Group:
    """A block for each group, after the machine."""
    known = benchmark.machine
    head = (
        f"{known['processor']}, {known['cores']} cores, {known['threads']} threads,"
        f" device {known['device']}, torch {known['torch']},"
        f" flags {', '.join(known['cpu_flags']) or 'unknown'}, load {known['load'][0]:.1f}"
    )
    groups = dict.fromkeys(row.group for row in benchmark.rows)
    blocks = [_block(name, [r for r in benchmark.rows if r.group == name]) for name in groups]
    return Group(Text(head), Text(""), *blocks, Text(NOTE, style="dim"))


def line(row: Row) -> str:
    """A row in one line."""
    parts = [row.group, row.case, row.quantity, value(row), _target(row), row.note]
    return ": ".join(part for part in parts if part)


def misses(rows: Sequence[Row]) -> list[str]:
    """A line for each row that is worse than it should be."""
    return [line(row) for row in rows if row.verdict == "missed"]


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


def write_benchmark(benchmark: Benchmark, folder: Path) -> list[Path]:
    """Write ``benchmark.json``, ``table.txt`` and the figure of ratios into an existing folder."""
    files = [folder / "table.txt", folder / "benchmark.json"]
    with files[0].open("w", encoding="utf-8") as stream:
        Console(file=stream, width=WIDTH).print(table(benchmark))
    write_json(files[1], benchmark.as_dict())
    if bars := _bars(benchmark):
        figure = benchmark_figure(bars)
        files += [plots.save(figure, folder / f"benchmark.{kind}") for kind in ("png", "pdf")]
    return files


def _block(name: str, rows: Sequence[Row]) -> Table:
    block = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    block.add_column(name, min_width=30)
    block.add_column("quantity")
    block.add_column("median [68 %]", justify="right")
    block.add_column("target", justify="right")
    block.add_column("note")
    for row in rows:
        block.add_row(*(Text(t) for t in (row.case, row.quantity, value(row), _target(row),
                                          row.note)))  # fmt: skip
    return block


def _target(row: Row) -> str:
    words = [str(row.target)] if row.target else []
    return ", ".join([*words, *([row.verdict] if row.verdict else [])])


def _bars(benchmark: Benchmark) -> list[Bar]:
    return [
        Bar(
            f"{row.case}\n{row.quantity}",
            row.spread.median,
            (row.spread.low, row.spread.high),
            None if row.target is None else row.target.bound,
            row.target is None or row.target.at_least,
            row.verdict == "missed",
        )
        for row in benchmark.rows
        if row.unit == "x" and row.spread is not None and row.spread.median > 0
    ]
