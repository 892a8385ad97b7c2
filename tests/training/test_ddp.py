"""One training on several processes is that of one process on the same batches."""

import csv
import json
import os
import subprocess
import sys

import pytest
import torch

from truescore.runs import read_checkpoint
from truescore.training.run import train

from .conftest import CONF, SMALL, small_config

ROOT = CONF.parent


def torchrun(*arguments, cwd):
    """Run train.py in two processes; what is finished, killed after a while if it is not."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    return on_two(command, *arguments, cwd=cwd)


def srun(*arguments, cwd):
    """The same in a process on each of two nodes."""
    command = ["srun", "--nodes=2", "--ntasks-per-node=1", "--time=5", sys.executable]
    return on_two(command, *arguments, cwd=cwd)


def on_two(command, *arguments, cwd):
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*command, str(ROOT / "train.py"), *arguments],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=240,
    )


def losses(folder):
    with (folder / "metrics.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    return {
        (name, row["step"]): float(row[name])
        for row in rows
        for name in ("train/loss", "train/gradient_norm", "val/loss")
        if row[name]
    }


@pytest.mark.slow
@pytest.mark.parametrize("experiment", ["ising_d16", "gl_d8"])
def test_two_processes_under_torchrun_learn_what_one_does(experiment, tmp_path):
    check_two_learn_what_one_does(torchrun, experiment, tmp_path)


@pytest.mark.cluster
def test_two_nodes_under_srun_learn_what_one_process_does(in_slurm, monkeypatch, tmp_path):
    # Names of nodes of the loopback are known to SLURM alone.
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    check_two_learn_what_one_does(srun, "ising_d16", tmp_path)


def check_two_learn_what_one_does(start, experiment, tmp_path):
    train(small_config(experiment), tmp_path)
    done = start(
        f"+experiment={experiment}", "trainer=ddp", *SMALL, "hydra.run.dir=two", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    one, two = losses(tmp_path), losses(tmp_path / "two")
    assert len(one) == 6 and one.keys() == two.keys()
    assert two == pytest.approx(one, rel=1e-4)
    first, second = (
        read_checkpoint(folder / "checkpoints" / "last.ckpt")["state_dict"]
        for folder in (tmp_path, tmp_path / "two")
    )
    assert first.keys() == second.keys()
    for name, weights in first.items():
        torch.testing.assert_close(second[name], weights, rtol=1e-3, atol=1e-4)
    # One folder, of one process, which alone samples and judges.
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} >= {"two"}
    summaries = [json.loads((f / "summary.json").read_text()) for f in (tmp_path, tmp_path / "two")]
    assert summaries[0]["config_hash"] == summaries[1]["config_hash"]
    assert (tmp_path / "two" / "train.log").read_text().count("summary:") == 1
    assert not (tmp_path / "outputs").exists()


@pytest.mark.slow
def test_a_sweep_under_torchrun_goes_cell_after_cell_and_skips_what_is_done(tmp_path):
    sweep = ["-m", "+experiment=ising_d16", "trainer=ddp", *SMALL, "hydra.sweep.dir=sweep"]
    named = "hydra.sweep.subdir=seed${seed}"
    assert torchrun(*sweep, "seed=0", named, cwd=tmp_path).returncode == 0
    done = torchrun(*sweep, "seed=0,1", named, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "seed0: done before, skipped" in done.stderr
    assert "2 of 2 cells done" in done.stderr
    assert {path.name for path in (tmp_path / "sweep").iterdir() if path.is_dir()} == {
        "seed0",
        "seed1",
    }
