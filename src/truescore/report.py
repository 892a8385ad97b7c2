"""What is told of data and of an evaluation: tables, figures, and plain values."""

import io
import logging
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from truescore.evaluation import Evaluation
from truescore.figures import evaluation_figures, line_figures, save_figures, spin_figures
from truescore.files import write_json
from truescore.runs import Run
from truescore.simulate.certificate import Certificate
from truescore.simulate.certificate_table import certificate_table
from truescore.targets import Target

log = logging.getLogger("truescore")
TABLE, CERTIFICATE = "table.txt", "certificate.json"
WIDTH = 100


def report(
    folder: Path,
    target: Target,
    evaluation: Evaluation,
    title: str,
    odd: bool,
    run: Run | None = None,
) -> dict[str, Any]:
    """Print the table, save it and the figures, and return the summary's part of an evaluation.

    A run has figures of its own, beside those of the samples.
    """
    table = evaluation.table(title, odd)
    # Where there is no terminal to ask, rich would take it to be 80 columns wide.
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
    with (folder / TABLE).open("w") as stream:
        Console(file=stream, width=WIDTH).print(table)
    figures = evaluation_figures(target, evaluation, title)
    if run is not None:
        figures |= line_figures(run, evaluation.training_data, evaluation.samples)
        figures |= spin_figures(run, evaluation.training_data, evaluation.samples)
    save_figures(folder / "figures", figures)
    return {
        "metrics": {name: j.as_dict() for name, j in evaluation.judgements.items()},
        "baselines": {
            baseline: {name: j.as_dict() for name, j in judged.items()}
            for baseline, judged in evaluation.baselines.items()
        },
        "eigenmodes": None if evaluation.eigenmodes is None else evaluation.eigenmodes.as_dict(),
        "score_error_curve": None if evaluation.curve is None else evaluation.curve.as_dict(),
        "baseline_score_error_curves": {
            baseline: curve.as_dict() for baseline, curve in evaluation.baseline_curves.items()
        },
        "path_bound": None if evaluation.bound is None else evaluation.bound.as_dict(),
        "elbo": None if evaluation.elbo is None else evaluation.elbo.as_dict(),
        "couplings": None if evaluation.couplings is None else evaluation.couplings.as_dict(),
        "plane": None if evaluation.plane is None else evaluation.plane.as_dict(),
    }


def report_certificate(folder: Path, certificate: Certificate | None) -> None:
    """Log a dataset's certificate, if any, with a warning for each failure, and save its values."""
    if certificate is None:
        return
    text = io.StringIO()
    Console(file=text, width=WIDTH).print(certificate_table(certificate))
    log.info("%s", text.getvalue().rstrip())
    certificate.warn()
    write_json(folder / CERTIFICATE, certificate.to_dict())
