"""A sweep as jobs of SLURM, on two nodes of this machine; and what becomes of a lost job.

``pytest -m cluster tests/cli/test_slurm.py`` on Debian, with the extra slurm.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from truescore.study import read_study

from .test_killed import ROOT, SMALL

SCRIPT = ROOT / "scripts" / "slurm_loopback.sh"
JOBS = ["hydra/launcher=submitit_slurm", "hydra.launcher.timeout_min=10"]
JOBS += ["hydra.launcher.cpus_per_task=1"]
pytestmark = pytest.mark.skipif(find_spec("submitit") is None, reason="needs the extra slurm")


@pytest.fixture
def squeue(tmp_path, monkeypatch):
    """A ``squeue`` that prints the given lines, or fails if there are none to give."""

    def squeue(*lines):
        program = tmp_path / "squeue"
        program.write_text("\n".join(["#!/bin/sh", *(f"echo {shlex.quote(x)}" for x in lines)]))
        program.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return squeue


@pytest.mark.parametrize(
    ("state", "ended"),
    [("PENDING", False), ("CONFIGURING", False), ("SUSPENDED", False), ("PREEMPTED", False)]
    + [("COMPLETED", True), ("CANCELLED", True), ("NODE_FAIL", True), ("OUT_OF_MEMORY", True)],
)
def test_only_a_job_that_cannot_run_any_more_has_ended(squeue, state, ended):
    from truescore.slurm import QueueWatcher

    squeue(f"7_0|{state}|node1", "7_1|RUNNING|node2")
    watcher = QueueWatcher()
    watcher.register_job("7_1")
    assert watcher.is_done("7_0", "force") is ended
    assert not watcher.is_done("7_1", "cache")


def test_a_job_that_left_the_queue_is_gone_and_a_queue_that_does_not_answer_tells_nothing(squeue):
    from truescore.slurm import GONE, QueueWatcher

    watcher = QueueWatcher()
    watcher.register_job("7_0")
    watcher.update()
    assert watcher.get_state("7_0", "cache") == "UNKNOWN"
    squeue("7_0|RUNNING|node1")
    watcher.update()
    assert watcher.get_state("7_0", "cache") == "RUNNING"
    assert not watcher.is_done("7_0", "cache")
    squeue()
    watcher.update()
    assert watcher.get_state("7_0", "cache") == GONE
    assert watcher.is_done("7_0", "cache")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two nodes; what a process needs in its environment to find them."""
    folder = tmp_path_factory.mktemp("slurm")
    subprocess.run([SCRIPT, "start", folder], check=True)
    try:
        shell = f". {shlex.quote(str(folder / 'env.sh'))} && env -0"
        printed = subprocess.run(["bash", "-c", shell], check=True, capture_output=True, text=True)
        yield dict(line.split("=", 1) for line in printed.stdout.split("\0") if line)
    finally:
        subprocess.run([SCRIPT, "stop", folder], check=True)


@pytest.fixture
def in_cluster(cluster, monkeypatch):
    for name in ("PATH", "LD_LIBRARY_PATH", "SLURM_CONF"):
        monkeypatch.setenv(name, cluster[name])


def run(*arguments, timeout):
    """A program in the cluster's environment; killed when its time is up."""
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    return subprocess.run(arguments, env=env, capture_output=True, text=True, timeout=timeout)


@pytest.mark.cluster
@pytest.mark.timeout(400)
def test_both_nodes_take_cells_and_the_table_has_them_all(in_cluster, tmp_path):
    sweep = tmp_path / "sweep"
    # The last one's batch is larger than its data.
    cells = ["-m", *SMALL, "dataset.n_train=200,400,10", f"hydra.sweep.dir={sweep}"]
    done = run(sys.executable, str(ROOT / "train.py"), *cells, *JOBS, timeout=300)
    assert done.returncode == 1
    assert "1 cells of the sweep" in done.stderr and "  n10_seed0: " in done.stderr
    study = read_study(sweep)
    assert study.n_finished == 2 and list(study.failed) and not study.missing
    nodes = run("squeue", "--states=all", "--noheader", "--format=%N", timeout=20).stdout.split()
    assert set(nodes) == {"node1", "node2"}
    assert "sacct" not in done.stderr
