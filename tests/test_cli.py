"""train.py as a user runs it: what it prints, what it leaves behind, and with which exit code.

The training itself is a stub that does what ``seed`` says; the command line around it is real.
"""

import json
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from truescore import cli

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(cli.__file__).parents[1]
STUB = """
import runpy, sys, types
sys.path.insert(0, {package!r})

def train(config, run_dir):
    from truescore.errors import UserError
    print("training", config.name)
    if config.seed == 1:
        raise UserError("checkpoint x.ckpt is truncated; resume from best.ckpt")
    if config.seed == 2:
        raise ZeroDivisionError("a bug")
    if config.seed == 3:
        raise KeyboardInterrupt
    if config.seed == 4:
        try:  # what Lightning does on Ctrl-C
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            sys.exit(1)
    if config.seed == 5:
        raise SystemExit  # what Lightning does on SIGTERM
    (run_dir / "summary.json").write_text("{{}}")

sys.modules["truescore.training.run"] = types.SimpleNamespace(train=train)
rehearsal = types.SimpleNamespace(rehearse=lambda config: None)
sys.modules["truescore.training.rehearsal"] = rehearsal
sys.argv = [{script!r}, *sys.argv[1:]]
try:
    runpy.run_path({script!r}, run_name="__main__")
finally:
    heavy = {{"torch", "pytorch_lightning", "scipy", "matplotlib"}} & set(sys.modules)
    if heavy:
        print("IMPORTED", *heavy)
"""


@pytest.fixture
def call(tmp_path):
    """Run train.py with the stub in a folder of its own; `(code, stdout, stderr)`."""
    stub = tmp_path / "stub.py"
    stub.write_text(STUB.format(package=str(PACKAGE), script=str(ROOT / "train.py")))
    work = tmp_path / "work"
    work.mkdir()

    def call(*arguments):
        command = [sys.executable, str(stub), *arguments]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=60)
        assert "IMPORTED" not in done.stdout
        return done.returncode, done.stdout, done.stderr

    return call


@pytest.fixture
def outputs(tmp_path):
    return tmp_path / "work" / "outputs"


def only(folder):
    (path,) = folder.iterdir()
    return path


def failure(run):
    return json.loads((run / "failed.json").read_text())


@pytest.mark.parametrize("arguments", [["--help"], ["--cfg", "job", "+experiment=ising_d64"]])
def test_looking_around_takes_less_than_a_second(call, arguments, outputs):
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        code, text, _ = call(*arguments)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        # The time on the processor, so that whatever else the machine does is not counted.
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert code == 0
        assert "n_generate: 10000" in text
    assert statistics.median(seconds) < 1.0
    assert not outputs.exists()


def test_a_run_gets_its_folder_log_and_composed_configuration(call, outputs):
    code, text, _ = call("+experiment=ising_d16", "seed=0")
    assert code == 0
    assert "training ising_d16" in text
    run = only(outputs / "ising_d16")
    assert {path.name for path in run.iterdir()} == {".hydra", "train.log", "summary.json"}


def test_all_that_is_wrong_is_told_and_nothing_is_left(call, outputs):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code, text, errors = call("dataset.dim=1", "trainer.max_steps=0", "sde=vp")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert code == 2
    assert text == ""
    assert errors.splitlines() == [
        "dataset.dim: got 1, expected an integer >= 3 and <= 4096",
        "trainer.max_steps: got 0, expected an integer >= 1",
        "dataset=ising_ring has spins in {-1,+1}; sde=vp needs real values: use sde=spin_flip",
    ]
    assert not outputs.exists()
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.5


def test_overrides_and_values_are_told_together(call, outputs):
    code, _, errors = call("dataset.dimm=8", "+experiment=gl_d9", "trainer.max_steps=0")
    assert code == 2
    lines = errors.splitlines()
    assert len(lines) == 3
    assert "did you mean dataset.dim?" in lines[0]
    assert "did you mean gl_d8?" in lines[1]
    assert lines[2] == "trainer.max_steps: got 0, expected an integer >= 1"
    assert not outputs.exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--config-name=tran"], "Cannot find primary config 'tran'."),
        (["hydra.verbose=[1", "seed=0"], "hydra.verbose=[1: not an override"),
        (["--cfg", "job", "sed=1"], "sed=1: no such key; did you mean seed?"),
        (["hydra.run.dir=${nowhere}"], "hydra.run.dir: Interpolation key 'nowhere' not found"),
    ],
)
def test_what_hydra_refuses_is_one_line(call, outputs, arguments, line):
    code, _, errors = call(*arguments)
    assert code == 2
    assert errors.startswith(line)
    assert errors.count("\n") == 1
    assert not outputs.exists()


def test_a_folder_that_cannot_be_written_is_named(call, tmp_path):
    (tmp_path / "file").touch()
    code, _, errors = call(f"hydra.run.dir={tmp_path}/file/run")
    assert code == 2
    assert errors == (
        f"hydra.run.dir: cannot write to {tmp_path}/file/run (Not a directory); "
        "set hydra.run.dir=FOLDER\n"
    )
    code, _, errors = call("-m", "seed=0,1", f"hydra.sweep.dir={tmp_path}/file/sweep")
    assert code == 2
    assert errors.startswith("hydra.sweep.dir: cannot write to")


def test_an_error_for_the_user_is_one_line_and_marks_the_run(call, outputs):
    code, _, errors = call("seed=1")
    assert code == 1
    assert errors == "checkpoint x.ckpt is truncated; resume from best.ckpt\n"
    run = only(outputs / "ising_ring")
    assert errors.strip() in (run / "train.log").read_text()
    assert failure(run) == {
        "schema_version": 1,
        "error": "UserError",
        "messages": ["checkpoint x.ckpt is truncated; resume from best.ckpt"],
    }


def test_a_bug_shows_its_traceback_and_marks_the_run(call, outputs):
    code, _, errors = call("seed=2")
    assert code == 1
    assert "Traceback" in errors and "ZeroDivisionError: a bug" in errors
    run = only(outputs / "ising_ring")
    assert "Traceback" in (run / "train.log").read_text()
    assert failure(run)["error"] == "ZeroDivisionError"


@pytest.mark.parametrize(("seed", "code"), [(3, 130), (4, 130), (5, 143)])
def test_an_interrupted_run_is_marked_and_does_not_pass_for_finished(call, outputs, seed, code):
    assert call(f"seed={seed}")[0] == code
    assert (only(outputs / "ising_ring") / "failed.json").exists()


def test_a_run_that_succeeds_at_last_loses_its_mark(call, tmp_path):
    folder = f"hydra.run.dir={tmp_path}/run"
    assert call("seed=1", folder)[0] == 1
    assert (tmp_path / "run" / "failed.json").exists()
    assert call("seed=0", folder)[0] == 0
    assert not (tmp_path / "run" / "failed.json").exists()


def test_a_sweep_goes_on_after_a_failure_lists_it_and_fails(call, outputs):
    code, text, errors = call("-m", "seed=0,1,-1,2", "name=swept")
    assert code == 1
    sweep = only(outputs / "multirun")
    runs = sorted(path for path in sweep.iterdir() if path.is_dir())
    assert [run.name for run in runs] == [f"{number}_swept" for number in range(4)]
    assert [(run / "failed.json").exists() for run in runs] == [False, True, True, True]
    # Each failure stands in its own job's log, whatever the others did.
    assert "truncated" in (runs[1] / "train.log").read_text()
    assert "seed: got -1" in (runs[2] / "train.log").read_text()
    assert "a bug" in (runs[3] / "train.log").read_text()
    assert "truncated" not in (runs[3] / "train.log").read_text()
    relative = sweep.relative_to(outputs.parent)
    assert errors.splitlines()[-4:] == [
        f"3 jobs of the sweep {relative} failed:",
        "  1_swept: checkpoint x.ckpt is truncated; resume from best.ckpt",
        "  2_swept: seed: got -1, expected an integer >= 0 and < 4294967296",
        "  3_swept: a bug",
    ]


def test_a_study_is_a_sweep_with_or_without_m(call, outputs):
    assert call("+study=ising_error_scaling_quick")[0] == 0
    sweep = only(outputs / "multirun" / "ising_error_scaling_quick")
    runs = sorted(path.name for path in sweep.iterdir() if path.is_dir())
    assert runs == ["0_d16_n1000_seed0", "1_d16_n10000_seed0", "2_d32_n1000_seed0"] + [
        "3_d32_n10000_seed0"
    ]


def test_a_sweep_with_a_wrong_override_starts_nothing(call, outputs):
    for arguments in (["dataset=isng,ising_ring"], ["dataset.dimm=8,16"], ["+hydra.x=1", "foo"]):
        code, _, errors = call("-m", *arguments)
        assert code == 2
        assert errors.count("\n") == 1
        assert not outputs.exists()


def test_a_law_from_a_folder_of_ones_own(call, tmp_path):
    (tmp_path / "mine" / "dataset").mkdir(parents=True)
    (tmp_path / "mine" / "dataset" / "potts.yaml").write_text(
        "_target_: my_package.Potts\nname: potts\nstate_space: real\nwells: 3\n"
        "n_train: 1000\nn_val: 100\nbatch_size: 100\nsimulator: exact\n"
    )
    real = ["model=chain_net", "loss=denoising", "sampler=heun"]
    arguments = ["--config-dir", str(tmp_path / "mine"), "dataset=potts", *real]
    assert call(*arguments, "sde=vp", "dataset.wells=4")[0] == 0
    code, _, errors = call(*arguments)
    assert code == 2
    line = "dataset=potts has real values; sde=spin_flip needs spins: use sde=vp or sde="
    assert errors.startswith(line) and errors.count("\n") == 1
    code, _, errors = call(*arguments, "sde=vp", "dataset.wels=4")
    assert code == 2
    assert "did you mean dataset.wells?" in errors
