"""Mistakes as a user makes them: one line, exit code 2, no folder, soon where torch can wait."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from truescore import cli

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(cli.__file__).parents[1]
GL = "+experiment=gl_d8"
LANGEVIN = [GL, "dataset.simulator=langevin"]
AT_ONCE = [
    ("train.py", [GL, "dataset.temperature=-1"], "dataset.temperature: got -1, expected a number"),
    ("train.py", [GL, "dataset.dim=5000"], "dataset.dim: got 5000, expected at most 1101"),
    (
        "train.py",
        [*LANGEVIN, "dataset.langevin.integrator=verlet"],
        "dataset.langevin.integrator: got 'verlet', expected strang, mala, euler_maruyama,",
    ),
    (
        "train.py",
        [*LANGEVIN, "dataset.langevin.box=reflecting"],
        "dataset.langevin.box: got reflecting for a law without walls, expected none",
    ),
    (
        "train.py",
        [GL, "model=mlp", "model.prediction=noise"],
        "model.prediction=noise with loss.weighting=mode",
    ),
    ("scripts/simulate.py", ["integrator=verlet"], "integrator=verlet: no such option"),
    ("scripts/simulate.py", ["dynamics.steps=9"], "dynamics.steps: got 9 of 2.22 each, expected"),
]
WITH_TORCH = [
    (
        "train.py",
        [*LANGEVIN, "dataset.langevin.dt=1", "dataset.langevin.integrator=euler_maruyama"],
        "got dt=1, expected below 0.122",
    ),
    (
        "train.py",
        [*LANGEVIN, "dataset.langevin.dt=0.004", "dataset.langevin.integrator=euler_maruyama"],
        "got dataset.langevin.dt=0.004, with which euler_maruyama overflows within 100 steps of",
    ),
    (
        "train.py",
        ["+experiment=four_well_trajectory", "dataset.langevin.dt=0.5"],
        "got dataset.langevin.dt=0.5, with which euler_maruyama overflows within 100 steps of",
    ),
    (
        "scripts/simulate.py",
        ["dataset=random_mixture", "dynamics.steps=9"],
        "got dynamics.steps=9 of 2.22 each, expected steps below",
    ),
]


def told(folder, script, arguments):
    """Run a script in an empty folder: its exit code, its error output, its processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"PYTHONPATH": str(PACKAGE)}
    done = subprocess.run(
        [sys.executable, str(ROOT / script), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=250,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.returncode, done.stderr, seconds


@pytest.mark.parametrize(("script", "arguments", "line"), AT_ONCE)
def test_what_needs_no_torch_is_told_at_once(tmp_path, script, arguments, line):
    code, error, seconds = told(tmp_path, script, arguments)
    assert code == 2
    assert error.startswith(line) and error.count("\n") == 1
    assert not list(tmp_path.iterdir())
    assert seconds < 1.5


@pytest.mark.parametrize(("script", "arguments", "line"), WITH_TORCH)
def test_what_needs_the_law_itself_is_told_before_any_work(tmp_path, script, arguments, line):
    code, error, _ = told(tmp_path, script, arguments)
    assert code == 2
    assert error.startswith(line) and error.count("\n") == 1
    assert not list(tmp_path.iterdir())
