"""train.py as a user runs it: what it prints, what it leaves behind, and with which exit code.

The training itself is a stub that does what ``seed`` says; the command line around it is real.
"""

import json
import resource

import pytest


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
        # Processor time, and the least of three: other work on the machine counts little.
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert code == 0
        assert "n_generate: 10000" in text
    assert min(seconds) < 1.0
    assert not outputs.exists()


def test_a_run_gets_its_folder_log_and_composed_configuration(call, outputs):
    code, text, _ = call("+experiment=ising_d16", "seed=0")
    assert code == 0
    assert "training" in text and "a table" in text
    run = only(outputs / "ising_d16")
    assert {path.name for path in run.iterdir()} == {
        ".hydra",
        "train.log",
        "config.yaml",
        "summary.json",
    }


def test_all_that_is_wrong_is_told_and_nothing_is_left(call, outputs):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code, text, errors = call("dataset.dim=1", "trainer.max_steps=0", "sde=vp")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert code == 2
    assert text == ""
    assert errors.splitlines() == [
        "dataset.dim: got 1, expected an integer >= 3 and <= 4096",
        "trainer.max_steps: got 0, expected an integer >= 1",
        "dataset=ising_ring has spins in {-1,+1}; sde=vp needs real values:"
        " use sde=spin_flip or sde=absorbing",
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


def test_a_folder_that_holds_another_run_is_refused(call, tmp_path):
    """Its weights and samples would be overwritten, and what was made of them would stay."""
    run = tmp_path / "run"
    folder = f"hydra.run.dir={run}"
    assert call("seed=0", folder)[0] == 0
    before = (run / "summary.json").read_text()
    code, text, errors = call("seed=7", folder)
    assert code == 2 and "training" not in text
    line = f"hydra.run.dir: {run} holds a finished run; name another folder or delete it\n"
    assert errors == line and (run / "summary.json").read_text() == before
    (run / "summary.json").unlink()
    (run / "checkpoints").mkdir()
    (run / "checkpoints" / "last.ckpt").touch()
    code, _, errors = call("seed=7", folder)
    assert code == 2 and f"go on with it by ckpt_path={run}/checkpoints/last.ckpt" in errors
    assert call("seed=0", folder, f"ckpt_path={run}/checkpoints/last.ckpt")[0] == 0


def test_a_folder_of_ones_own_that_is_not_there_is_told(call, outputs):
    code, _, errors = call("--config-dir", "nowhere", "dataset=mine")
    assert (code, errors) == (2, "--config-dir: got nowhere, expected a folder: name one\n")


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
    line = "dataset=potts has real values; sde=spin_flip needs spins: use sde=vp, sde="
    assert errors.startswith(line) and errors.count("\n") == 1
    code, _, errors = call(*arguments, "sde=vp", "dataset.wels=4")
    assert code == 2
    assert "did you mean dataset.wells?" in errors
