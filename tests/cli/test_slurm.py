"""A sweep as jobs of SLURM, on two nodes of this machine; and what becomes of a lost job.

``pytest -m cluster tests/cli/test_slurm.py`` on Debian, with the extra slurm.
"""

import os
import shlex
import signal
import subprocess
import sys
from importlib.util import find_spec

import pytest

from truescore.study import read_study

from .test_killed import ROOT, SMALL
from .test_launchers import wait_for

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


def run(*arguments, timeout):
    """A program in the cluster's environment; killed when its time is up."""
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    return subprocess.run(arguments, env=env, capture_output=True, text=True, timeout=timeout)


@pytest.mark.cluster
@pytest.mark.timeout(400)
def test_both_nodes_take_cells_and_the_table_has_them_all(in_slurm, tmp_path):
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


def killed(sweep):
    os.kill(int((sweep / "seed_6" / "process").read_text().split()[0]), signal.SIGKILL)


def cancelled(sweep):
    (job,) = {path.name.split("_")[0] for path in (sweep / ".submitit").iterdir() if path.is_dir()}
    run("scancel", f"{job}_1", timeout=20)


@pytest.mark.cluster
@pytest.mark.timeout(200)
@pytest.mark.parametrize(("lose", "state"), [(killed, "FAILED"), (cancelled, "CANCELLED")])
def test_a_lost_job_ends_the_sweep_and_is_named(in_slurm, start, call, outputs, lose, state):
    sweep = outputs / "multirun" / "ising_ring"
    parent = start("-m", "seed=1,6", *JOBS)
    wait_for(sweep / "seed_6" / "process")
    lose(sweep)
    _, errors = parent.communicate(timeout=100)
    assert parent.returncode == 1
    assert "  seed_1: checkpoint x.ckpt is truncated; resume from best.ckpt" in errors
    last = errors.splitlines()[-1]
    assert "broke off with 0 of 2 cells done, 1 failed (UncompletedJobError: Job " in last
    assert f"(state: {state})" in last and last.endswith(": the same command goes on with it")
    # Nothing holds the cell that was cut.
    code, _, errors = call("-m", "seed=0", *JOBS)
    assert code == 0 and (sweep / "seed_0" / "summary.json").exists()


@pytest.mark.cluster
@pytest.mark.timeout(300)
def test_a_cell_may_be_trained_on_both_nodes_together(in_slurm, monkeypatch, tmp_path):
    sweep = tmp_path / "sweep"
    cells = ["-m", *SMALL, "trainer=ddp", "dataset.n_train=200", f"hydra.sweep.dir={sweep}"]
    together = ["hydra.launcher.nodes=2", "hydra.launcher.tasks_per_node=1"]
    # Names of nodes of the loopback are known to SLURM alone.
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    done = run(sys.executable, str(ROOT / "train.py"), *cells, *JOBS, *together, timeout=200)
    assert done.returncode == 0, done.stderr
    assert (sweep / "n200_seed0" / "train.log").read_text().count("summary:") == 1
    assert read_study(sweep).n_finished == 1
