"""A benchmark as a table for the terminal, and its files."""

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from truescore import plots
from truescore.benchmark.markdown import markdown
from truescore.benchmark.result import Benchmark
from truescore.benchmark.rows import Row
from truescore.benchmark.words import NOTE, value, verdict
from truescore.files import write_json
from truescore.plots.benchmark import Bar, benchmark_figure

WIDTH = 130


def table(benchmark: Benchmark) -> Group:
    """A block for each group, after the machine."""
    blocks = [
        _block(f"{name} ({benchmark.seconds.get(name, 0.0):.0f} s)", rows)
        for name, rows in benchmark.groups.items()
    ]
    return Group(Text(benchmark.heading()), Text(""), *blocks, Text(NOTE, style="dim"))


def write_rows(benchmark: Benchmark, folder: Path) -> list[Path]:
    """Write ``benchmark.json``, ``table.txt`` and ``benchmark.md`` into an existing folder."""
    files = [folder / name for name in ("table.txt", "benchmark.json", "benchmark.md")]
    with files[0].open("w", encoding="utf-8") as stream:
        Console(file=stream, width=WIDTH).print(table(benchmark))
    write_json(files[1], benchmark.as_dict())
    files[2].write_text(markdown(benchmark), encoding="utf-8")
    return files


def write_figure(benchmark: Benchmark, folder: Path) -> list[Path]:
    """Write the figure of the ratios; nothing if there are none."""
    if not (bars := _bars(benchmark)):
        return []
    figure = benchmark_figure(bars)
    return [plots.save(figure, folder / f"benchmark.{kind}") for kind in ("png", "pdf")]


def _block(name: str, rows: Sequence[Row]) -> Table:
    block = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    block.add_column(name, min_width=30)
    block.add_column("quantity")
    block.add_column("median [68 %]", justify="right")
    block.add_column("target", justify="right")
    block.add_column("note")
    for row in rows:
        block.add_row(*(Text(t) for t in (row.case, row.quantity, value(row), verdict(row),
                                          row.note)))  # fmt: skip
    return block


def _bars(benchmark: Benchmark) -> list[Bar]:
    """Of the ratios that should be something, or of all if none should: eighty are no picture."""
    ratios = [row for row in benchmark.rows if row.unit == "x" and row.spread is not None]
    return [
        Bar(
            f"{row.case}\n{row.quantity}",
            row.spread.median,
            (row.spread.low, row.spread.high),
            None if row.target is None else row.target.bound,
            row.target is None or row.target.at_least,
            row.verdict == "missed",
        )
        for row in [row for row in ratios if row.target is not None] or ratios
        if row.spread is not None and row.spread.median > 0
    ]
