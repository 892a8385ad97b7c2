"""Whole runs from a cold start to their table, and how far from the truth they end."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from truescore.benchmark.children import Ended, ended
from truescore.benchmark.rows import Row, Spread, Target
from truescore.benchmark.settings import Settings
from truescore.files import SUMMARY

GROUP = "time_to_floor"
EXPERIMENTS = ("ising_d16", "ising_d64", "ising_d128", "gl_d32")
# Experiment -> at most so many seconds, and so large a debiased error of the covariance.
TARGETS = {"ising_d64": (90, 0.25), "gl_d64": (600, 0.15)}
MEGABYTES = {"gl_d64": 2000}


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
        yield from rows(GROUP, experiment, finished(settings, experiment, changes))


def rows(group: str, experiment: str, run: Finished) -> Iterator[Row]:
    """Time, error and memory of a run."""
    seconds, error = TARGETS.get(experiment, (None, None))
    memory = MEGABYTES.get(experiment)
    floor = run.summary["metrics"]["cov_frobenius"]["floor"]
    processor, training = run.process.processor_seconds, run.summary["seconds"]["train"]
    note = f"{training:.0f} s of it training; {processor:.0f} s of processor time"
    yield Row(group, experiment, "time to the table", "s", Spread.of([run.process.seconds]),
              _at_most(seconds), note)  # fmt: skip
    yield Row(group, experiment, "covariance F, debiased", "", Spread.of([run.error]),
              _at_most(error), f"floor of perfect samples {floor:.3g}")  # fmt: skip
    yield Row(group, experiment, "most memory", "MB", Spread.of([run.process.megabytes]),
              _at_most(memory))  # fmt: skip


def finished(settings: Settings, experiment: str, changes: tuple[str, ...] = ()) -> Finished:
    """Run ``train.py +experiment=...`` with torch's own number of threads, and an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        accelerator = "gpu" if settings.device == "cuda" else "cpu"
        arguments = [f"+experiment={experiment}", f"hydra.run.dir={folder}",
                     f"seed={settings.seed}", f"trainer.accelerator={accelerator}",
                     "callbacks.progress_bar=false", *changes]  # fmt: skip
        ending = ended(arguments, 0)
        summary = json.loads((Path(folder) / SUMMARY).read_text(encoding="utf-8"))
    return Finished(ending, summary)


def _at_most(bound: float | None) -> Target | None:
    return None if bound is None else Target(bound, at_least=False)
