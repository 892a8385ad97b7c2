"""What a simulation gives back, and how it is shown to people."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

WIDTH = 110
# The tests lean on the central limit theorem, which says nothing of chances as small as this.
SMALLEST_P = 1e-6


@dataclass(frozen=True)
class Outcome:
    """A finished simulation.

    Attributes:
        values: plain values for ``summary.json``.
        figures: by file name, without its ending.
    """

    values: dict[str, Any]
    figures: dict[str, Figure]


def show(summary: dict[str, Any], run_dir: Path) -> None:
    """Print the moments over time, the two-sample test and where everything lies."""
    table = Table(title=f"{summary['name']}: {summary['n_points']:,} points", title_justify="left")
    for column in ("time", "mean: error", "floor", "p", "covariance: error", "floor", "p"):
        table.add_column(column, justify="right")
    table.add_column("verdict", no_wrap=True)
    for row in summary["moments"]:
        mean, covariance = row["mean"], row["covariance"]
        verdicts = {mean["verdict"], covariance["verdict"]}
        table.add_row(
            f"{row['time']:.3g}",
            *(
                text
                for judged in (mean, covariance)
                for text in (
                    f"{judged['value']:.3g}",
                    f"{judged['floor']:.2g}",
                    probability(judged["p_value"]),
                )
            ),
            verdicts.pop() if len(verdicts) == 1 else f"{mean['verdict']}, {covariance['verdict']}",
        )
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(table)
    off = ", ".join(summary["rejected"]) or "none"
    console.print(f"held against: {summary['held_against']}", highlight=False)
    console.print(f"off, after Holm's correction for their number: {off}", highlight=False)
    test = summary["two_sample"]
    console.print(
        f"do they look alike? {test['verdict']}: energy distance {test['statistic']:.3g}, p"
        f" {probability(test['p_value'], '= ')}, against {test['n']:,} {test['against']}",
        highlight=False,
    )
    print(f"figures: {run_dir / 'figures'}\nsummary: {run_dir / 'summary.json'}")


def probability(p: float, equals: str = "") -> str:
    """A p-value with two digits, or that it is below the smallest told."""
    return f"< {SMALLEST_P:.0e}" if p < SMALLEST_P else f"{equals}{p:.2g}"
