"""Sweeps whose cells run side by side keep what those promise that run one after the other."""

import os
import signal
import time
from importlib.util import find_spec

import pytest

TWO = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
needs_joblib = pytest.mark.skipif(find_spec("joblib") is None, reason="needs the extra joblib")


def wait_for(file):
    deadline = time.time() + 30
    while not file.exists() or not file.read_text():
        assert time.time() < deadline, file
        time.sleep(0.05)


@needs_joblib
def test_two_workers_run_fail_skip_and_retry_as_one_would(call, outputs):
    code, text, errors = call("-m", "seed=0,1,7,2", *TWO)
    assert code == 1 and text.count("training") == 4
    sweep = outputs / "multirun" / "ising_ring"
    done = {name: (sweep / f"seed_{name}" / "summary.json").exists() for name in (0, 1, 7, 2)}
    assert done == {0: True, 1: False, 7: True, 2: False}
    assert errors.splitlines()[-3:] == [
        "2 cells of the sweep outputs/multirun/ising_ring failed:",
        "  seed_1: checkpoint x.ckpt is truncated; resume from best.ckpt",
        "  seed_2: a bug",
    ]
    assert "of 4 cells done" in errors and "2 of 4 cells done, 2 failed" in errors
    # The same cells, whoever runs them.
    code, text, errors = call("-m", "seed=0,1,7,2,8", *TWO, "study.retry=failed")
    assert code == 1 and text.count("training") == 2
    assert "seed_8: did not fail, left out" in errors
    code, text, errors = call("-m", "seed=0,7", *TWO)
    assert code == 0 and text.count("training") == 0
    assert "seed_0: done before, skipped" in errors
    changed = ["sampler.steps=8", "hydra.sweep.subdir=seed_${seed}"]
    code, text, errors = call("-m", "seed=0,7", *changed, *TWO)
    assert code == 1 and "sampler.steps 32 -> 8" in errors


@needs_joblib
@pytest.mark.timeout(120)
def test_a_worker_that_is_killed_ends_the_sweep_and_the_same_command_goes_on(call, start, outputs):
    """Cells run at once, with a share of the cores each, and no death is waited for."""
    sweep = outputs / "multirun" / "ising_ring"
    parent = start("-m", "seed=1,6", "trainer.max_steps=2000,2001", *TWO)
    names = [f"seed_6__trainer.max_steps_{steps}" for steps in (2000, 2001)]
    for name in names:
        wait_for(sweep / name / "process")
    workers = [(sweep / name / "process").read_text().split() for name in names]
    (first, threads), (second, _) = workers
    assert first != second
    assert 1 <= int(threads) <= max(1, (os.cpu_count() or 1) // 2)
    os.kill(int(first), signal.SIGKILL)
    _, errors = parent.communicate(timeout=20)
    assert parent.returncode == 1
    assert "2 cells of the sweep outputs/multirun/ising_ring failed:" in errors
    assert "broke off with 0 of 4 cells done, 2 failed (" in errors
    assert errors.splitlines()[-1].endswith(": the same command goes on with it")
    assert "Traceback" not in errors.splitlines()[-1]
    # Nothing holds the cells that were cut, and nothing passes for finished.
    code, _, errors = call("-m", "seed=0", "trainer.max_steps=2000", *TWO)
    assert code == 0 and "1 of 1 cells done" in errors


@needs_joblib
@pytest.mark.timeout(120)
def test_a_command_that_is_terminated_takes_its_workers_with_it(start, outputs):
    """As a cluster ends a job, and as Ctrl-C does, by which a terminal reaches the workers too."""
    parent = start("-m", "seed=6", "trainer.max_steps=2000,2001,2002", *TWO)
    files = [
        outputs / "multirun" / "ising_ring" / f"seed_6__trainer.max_steps_{steps}" / "process"
        for steps in (2000, 2001)
    ]
    for file in files:
        wait_for(file)
    parent.terminate()
    _, errors = parent.communicate(timeout=20)
    assert parent.returncode == 143
    line = "outputs/multirun/ising_ring: terminated; the same command goes on with it"
    assert errors.splitlines()[-1] == line
    for file in files:
        assert has_ended(int(file.read_text().split()[0]))
    assert not (files[0].parents[1] / "seed_6__trainer.max_steps_2002" / "process").exists()


def has_ended(process):
    """Whether a process ends within five seconds."""
    deadline = time.time() + 5
    while time.time() < deadline:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@needs_joblib
def test_as_many_workers_as_cores_have_one_thread_each(call, outputs, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    call("-m", "seed=1,2", "hydra/launcher=joblib")  # both fail, and leave what they had
    for seed in (1, 2):
        process = outputs / "multirun" / "ising_ring" / f"seed_{seed}" / "process"
        assert process.read_text().split()[1] == "1"


@needs_joblib
@pytest.mark.parametrize(("seed", "expected"), [(3, 130), (5, 143)])
def test_an_interrupted_worker_ends_the_sweep_with_its_code(call, outputs, seed, expected):
    code, _, _ = call("-m", f"seed={seed},0", *TWO)
    assert code == expected
    assert (outputs / "multirun" / "ising_ring" / f"seed_{seed}" / "failed.json").exists()


@pytest.mark.skipif(find_spec("ray") is not None, reason="has the extra ray")
@pytest.mark.parametrize("launcher", ["ray", "ray_cluster"])
def test_ray_without_its_extra_is_one_line_and_starts_nothing(call, outputs, launcher):
    code, _, errors = call("-m", "seed=0,7", f"hydra/launcher={launcher}")
    line = f"hydra/launcher={launcher}: needs a plugin of Hydra; pip install -e '.[ray]'"
    assert (code, errors) == (2, line + "\n")
    assert not outputs.exists()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("submitit") is None, reason="needs the extra slurm")
def test_jobs_of_submitit_run_fail_and_skip_as_one_would(check_launcher):
    check_launcher("hydra/launcher=submitit_local")
