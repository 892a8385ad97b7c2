"""Whole runs from a cold start to their table, and how far from the truth they end."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from truescore.benchmark.children import Ended, Failed, ended
from truescore.benchmark.rows import Row, Spread, Target
from truescore.benchmark.settings import Settings
from truescore.files import SUMMARY

GROUP = "time_to_floor"
TIME = "time to the table"
EXPERIMENTS = ("ising_d16", "ising_d64", "ising_d128", "gl_d32")
# Experiment -> at most so many seconds, so large a debiased error of the covariance, so many MB.
SECONDS = {"ising_d64": 90, "gl_d64": 600}
ERRORS = {"ising_d16": 0.05, "ising_d64": 0.25, "ising_d128": 0.35, "gl_d32": 0.06, "gl_d64": 0.15}
MEGABYTES = {"gl_d64": 2000}
ONE_RUN = "one run: data, weights and samples of another seed move it, so it cannot tell alone"


@dataclass(frozen=True)
class Finished:
    """A run that a process of its own has made.

    Attributes:
        process: its time, cold start included, and its memory.
        summary: what it wrote.
    """

    process: Ended
    summary: dict[str, Any]

    @property
    def error(self) -> float:
        """Of the covariance, Frobenius, debiased."""
        return self.summary["metrics"]["cov_frobenius"]["debiased"]


def measure(
    settings: Settings, experiments: tuple[str, ...] = EXPERIMENTS, changes: tuple[str, ...] = ()
) -> Iterator[Row]:
    """One run of each experiment, as a user would start it."""
    for experiment in experiments:
        yield from rows(GROUP, experiment, settings, changes)


def rows(
    group: str, experiment: str, settings: Settings, changes: tuple[str, ...] = ()
) -> Iterator[Row]:
    """Time, error and memory of a run."""
    try:
        run = finished(settings, experiment, changes)
    except Failed as failed:
        yield Row.absent(group, experiment, TIME, str(failed), _at_most(SECONDS, experiment))
        return
    floor = run.summary["metrics"]["cov_frobenius"]["floor"]
    processor, training = run.process.processor_seconds, run.summary["seconds"]["train"]
    note = f"{training:.0f} s of it training; {processor:.0f} s of processor time"
    beside = f"floor of perfect samples {floor:.3g}; {ONE_RUN}"
    yield Row(group, experiment, TIME, "s", Spread.of([run.process.seconds]),
              _at_most(SECONDS, experiment), note)  # fmt: skip
    yield Row(group, experiment, "covariance F, debiased", "", Spread.of([run.error]),
              _at_most(ERRORS, experiment), beside)  # fmt: skip
    yield Row(group, experiment, "most memory", "MB", Spread.of([run.process.megabytes]),
              _at_most(MEGABYTES, experiment))  # fmt: skip


def finished(settings: Settings, experiment: str, changes: tuple[str, ...] = ()) -> Finished:
    """Run ``train.py +experiment=...`` with torch's own number of threads, and an empty cache.

    Raises:
        Failed: the run did.
    """
    with tempfile.TemporaryDirectory() as folder:
        accelerator = "gpu" if settings.device == "cuda" else "cpu"
        arguments = [f"+experiment={experiment}", f"hydra.run.dir={folder}",
                     f"seed={settings.seed}", f"trainer.accelerator={accelerator}",
                     "callbacks.progress_bar=false", *changes]  # fmt: skip
        ending = ended(arguments, 0)
        summary = json.loads((Path(folder) / SUMMARY).read_text(encoding="utf-8"))
    return Finished(ending, summary)


def _at_most(bounds: Mapping[str, float], experiment: str) -> Target | None:
    return Target(bounds[experiment], at_least=False) if experiment in bounds else None
