"""A sweep that is killed again and again ends with the table of one that was not."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from truescore.study.cells import read_study, write_cells

ROOT = Path(__file__).resolve().parents[2]
SMALL = [
    "+experiment=ising_d16",
    "trainer.max_steps=40",
    "trainer.val_every_n_steps=20",
    "dataset.n_val=100",
    "dataset.batch_size=50",
    "sampler.steps=4",
    "sampler.n_generate=100",
    "metrics.n_score=20",
    "metrics.n_levels=3",
    "metrics.n_null=100",
    "metrics.n_bootstrap=100",
    "callbacks.progress_bar=false",
    "hydra.sweep.subdir=n${dataset.n_train}_seed${seed}",
]
STUDY = ["-m", "dataset.n_train=200,400", "seed=0,1", *SMALL]


def begin(folder):
    command = [sys.executable, str(ROOT / "train.py"), *STUDY, f"hydra.sweep.dir={folder}"]
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    # A group of its own, so that nothing it started outlives a kill.
    return subprocess.Popen(
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
    )


def finish(folder):
    start = time.perf_counter()
    assert begin(folder).wait() == 0
    return time.perf_counter() - start


def table(folder, into):
    """``cells.csv`` as it is written and read, without the times."""
    into.mkdir()
    write_cells(read_study(folder).cells, into)
    cells = pd.read_csv(into / "cells.csv", dtype=str)
    return cells.drop(columns=[name for name in cells if name.startswith("seconds_")])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The seconds and the table of a sweep that nobody kills."""
    folder = tmp_path_factory.mktemp("undisturbed")
    seconds = finish(folder / "sweep")
    return seconds, table(folder / "sweep", folder / "report")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kills", [2, 20])
def test_kills_leave_no_trace_in_the_table(undisturbed, kills, tmp_path):
    """Moments are uniform over most of a sweep's time, so some fall before its first cell."""
    seconds, expected = undisturbed
    moments = random.Random(kills)
    killed = 0
    for _ in range(kills):
        process = begin(tmp_path / "sweep")
        try:
            process.wait(moments.uniform(0, 0.8 * seconds))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL  # it may just have ended by itself
    assert killed > 0
    finish(tmp_path / "sweep")
    study = read_study(tmp_path / "sweep")
    assert study.n_finished == 4 and not study.failed and not study.missing
    pd.testing.assert_frame_equal(table(tmp_path / "sweep", tmp_path / "report"), expected)
