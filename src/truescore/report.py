"""What an evaluation leaves behind: a table, figures, and the plain values of its summary."""

import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from truescore.evaluation import Evaluation
from truescore.figures import evaluation_figures, save_figures
from truescore.targets import Target

TABLE = "table.txt"
WIDTH = 100


def report(
    folder: Path, target: Target, evaluation: Evaluation, title: str, odd: bool
) -> dict[str, Any]:
    """Print the table, save it and the figures, and return the summary's part of an evaluation."""
    table = evaluation.table(title, odd)
    # Where there is no terminal to ask, rich would take it to be 80 columns wide.
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
    with (folder / TABLE).open("w") as stream:
        Console(file=stream, width=WIDTH).print(table)
    save_figures(folder / "figures", evaluation_figures(target, evaluation, title))
    return {
        "metrics": {name: j.as_dict() for name, j in evaluation.judgements.items()},
        "baselines": {
            baseline: {name: j.as_dict() for name, j in judged.items()}
            for baseline, judged in evaluation.baselines.items()
        },
        "eigenmodes": evaluation.eigenmodes.as_dict(),
        "score_error_curve": None if evaluation.curve is None else evaluation.curve.as_dict(),
    }
