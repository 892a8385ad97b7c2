"""Time things beside what others do."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from truescore.commands.frame import now, split, writable
from truescore.errors import UserError

if TYPE_CHECKING:
    from truescore.benchmark.settings import Settings


def benchmark_command(arguments: list[str]) -> None:
    """``[group=NAMES] [device=cpu|cuda] [threads=N] [seed=S] [out=DIR]``: times beside others'."""
    from truescore.benchmark.settings import KEYS, settings

    own, others = split(arguments, (*KEYS, "out"))
    if others:
        raise UserError(f"got {others[0]!r}, expected of {', '.join(KEYS)}, out")
    asked = settings(own)
    folder = Path(own["out"]) if "out" in own else Path("outputs", "benchmark", now())
    if asked.device == "cuda":
        from truescore.benchmark.suite import check_device

        check_device(asked)
    writable(folder)
    run_benchmark(asked, folder)


def run_benchmark(asked: "Settings", folder: Path) -> None:
    """Measure, write every row as it comes, print the table; a miss of ``quick`` is an error.

    Raises:
        UserError: a line for each ratio of ``quick`` that is worse than its bound, or not measured.
    """
    from rich.console import Console

    from truescore.benchmark.pages import WIDTH, table, write_figure, write_rows
    from truescore.benchmark.settings import QUICK
    from truescore.benchmark.suite import run_suite
    from truescore.benchmark.words import misses

    benchmark = run_suite(asked, lambda known: write_rows(known, folder))
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table(benchmark))
    for file in [*write_rows(benchmark, folder), *write_figure(benchmark, folder)]:
        print(file)
    if lines := misses([row for row in benchmark.rows if row.group == QUICK]):
        raise UserError("\n".join(lines))
