"""A sweep's command starts it, goes on with it, and is not confused by what it finds."""

import io
import json
import logging
import re
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock
from omegaconf import OmegaConf

from truescore.sweep import INSTANT, Plan, claimed, has_failed, headline, read_mark, unheard


def cells(sweep):
    return sorted(path.name for path in sweep.iterdir() if path.is_dir())


def trained(text):
    return text.count("training")


def logged(folder):
    return (folder / "train.log").read_text()


def test_a_sweep_goes_on_after_a_failure_lists_it_and_fails(call, outputs):
    code, text, errors = call("-m", "seed=0,1,2,7", "name=swept")
    assert code == 1 and trained(text) == 4
    sweep = outputs / "multirun" / "swept"
    runs = [sweep / f"name_swept__seed_{seed}" for seed in (0, 1, 2, 7)]
    assert set(cells(sweep)) == {run.name for run in runs}
    assert [(run / "failed.json").exists() for run in runs] == [False, True, True, False]
    # Each failure stands in its own job's log, whatever the others did.
    assert "truncated" in logged(runs[1])
    assert "a bug" in logged(runs[2])
    assert "truncated" not in logged(runs[2])
    assert errors.splitlines()[-3:] == [
        "2 cells of the sweep outputs/multirun/swept failed:",
        "  name_swept__seed_1: checkpoint x.ckpt is truncated; resume from best.ckpt",
        "  name_swept__seed_2: a bug",
    ]
    assert "2 of 4 cells done, 2 failed" in errors


def test_a_cell_speaks_to_its_folder_and_errors_to_all(call, outputs):
    _, text, errors = call("-m", "seed=0,1")
    assert trained(text) == 2 and "a table" not in text + errors
    for seed in (0, 1):
        folder = outputs / "multirun" / "ising_ring" / f"seed_{seed}"
        assert (folder / "output.txt").read_text() == "a table\n"
    assert "seed_1: checkpoint x.ckpt is truncated" in errors


def test_what_spoke_aloud_does_so_again(tmp_path):
    root, heard = logging.getLogger(), io.StringIO()
    handler = logging.StreamHandler(heard)
    handler.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        with pytest.raises(ZeroDivisionError), unheard(tmp_path):
            print("a table")
            root.warning("a warning")
            root.info("a step")
            raise ZeroDivisionError
        root.log(logging.WARNING, "an end")
    finally:
        root.removeHandler(handler)
    assert heard.getvalue() == f"{tmp_path.name}: a warning\nan end\n"
    assert handler.level == logging.INFO and handler.formatter is None
    assert (tmp_path / "output.txt").read_text() == "a table\n"


def test_a_finished_cell_is_told_in_a_line(tmp_path):
    assert headline(tmp_path) is None
    covariance = {"value": 0.169, "floor": 0.0408, "debiased": 0.164, "ci_low": 0.149}
    covariance |= {"ci_high": 0.18, "p_value": 0.001, "verdict": "4.1 x floor"}
    metrics = {"mean_l1": {"value": 0.2, "floor": 0.3, "verdict": "at floor"}}
    lines = {}
    for name, more in (
        ("nothing", None),
        ("no covariance", {}),
        ("both", {"score_error": {"value": 0.0786, "floor": 0.0}, "cov_frobenius": covariance}),
    ):
        content = {} if more is None else {"metrics": metrics | more}
        (tmp_path / "summary.json").write_text(json.dumps(content))
        lines[name] = headline(tmp_path)
    assert lines == {
        "nothing": None,
        "no covariance": "mean_l1 0.2 (at floor)",
        "both": "cov_frobenius 0.164 [0.15, 0.18] (value 4.1 x floor); score_error 0.0786",
    }


def test_a_wrong_value_of_any_cell_starts_nothing(call, outputs):
    code, text, errors = call("-m", "seed=0,-1", "dataset.n_train=400,500", "sampler.steps=1")
    assert code == 2 and trained(text) == 0 and not outputs.exists()
    assert errors.splitlines() == [
        "sampler.steps: got 1, expected an integer >= 2",
        "seed: got -1, expected an integer >= 0 and < 4294967296"
        " (dataset.n_train_400__sampler.steps_1__seed_-1 and 1 more)",
    ]


@pytest.mark.parametrize(("seed", "code"), [(3, 130), (4, 130), (5, 143)])
def test_an_interrupted_cell_has_not_failed_and_is_run_again(call, outputs, seed, code):
    stopped = call("-m", f"seed=0,{seed},7")
    assert stopped[0] == code
    if code == 130:
        line = "outputs/multirun/ising_ring: interrupted; the same command goes on with it"
        assert line in stopped[2]
    code, text, errors = call("-m", "seed=0,7")
    assert code == 0 and trained(text) == 1
    plan = Plan.of(outputs / "multirun" / "ising_ring", ["seed_0", f"seed_{seed}", "seed_7"])
    progress = plan.progress()
    assert (progress.done, progress.failed) == (2, 0)


def test_a_study_is_a_sweep_with_or_without_m(call, outputs):
    assert call("+study=ising_error_scaling_quick")[0] == 0
    sweep = outputs / "multirun" / "ising_error_scaling_quick"
    names = [f"d{d}_n{n}_seed0" for d in (16, 32) for n in (10000, 1000, 3000)]
    assert cells(sweep) == names


def test_the_same_command_runs_what_is_missing_and_a_wider_one_what_is_new(call, outputs):
    assert trained(call("-m", "seed=0,7")[1]) == 2
    sweep = outputs / "multirun" / "ising_ring"
    (sweep / "seed_7" / "summary.json").unlink()
    (sweep / "seed_7" / "checkpoints").mkdir()
    (sweep / "seed_7" / "metrics.csv").touch()
    code, text, errors = call("-m", "seed=0,7")
    assert code == 0 and trained(text) == 1
    assert "seed_0: done before, skipped" in errors and "2 of 2 cells done" in errors
    assert not (sweep / "seed_7" / "checkpoints").exists()
    assert not (sweep / "seed_7" / "metrics.csv").exists()
    # How a run is shown does not name it.
    code, text, errors = call("-m", "seed=0,7,8", "callbacks.progress_bar=false")
    assert code == 0 and trained(text) == 1
    assert cells(sweep) == ["seed_0", "seed_7", "seed_8"]
    assert "other values" not in errors
    code, text, errors = call("-m", "seed=8")
    assert "beside 2 finished ones of other values" in errors


def test_a_wide_grid_goes_on_with_the_cells_of_a_finished_one(call, outputs):
    few = ["dataset.dim=16", "seed=0"]
    assert trained(call("+study=ising_error_scaling", *few)[1]) == 5
    folder = "hydra.sweep.dir=outputs/multirun/ising_error_scaling"
    code, text, errors = call("+study=ising_error_scaling_wide", *few, folder)
    assert code == 0 and trained(text) == 2
    assert "d16_n400_seed0: done before, skipped" in errors and "7 of 7 cells done" in errors
    assert cells(outputs / "multirun") == ["ising_error_scaling"]


def test_a_finished_cell_of_another_configuration_is_refused_with_the_difference(call, outputs):
    study = "+study=ising_error_scaling_quick"
    assert call(study)[0] == 0
    cell = outputs / "multirun" / "ising_error_scaling_quick" / "d16_n1000_seed0"
    before = (cell / "summary.json").read_text()
    code, text, errors = call(study, "sampler.steps=8", "model.net.width=8")
    assert code == 1 and trained(text) == 0
    assert "model.net.width null -> 8; sampler.steps 32 -> 8" in errors
    counted = "0 of 6 cells done, 6 of another configuration"
    assert counted in errors or counted in text
    # The cell stays as it is.
    assert (cell / "summary.json").read_text() == before
    assert not (cell / "failed.json").exists()
    code, text, _ = call(study)
    assert code == 0 and trained(text) == 0


def test_the_failed_alone_are_run_again(call, outputs):
    assert call("-m", "seed=0,1")[0] == 1
    code, text, errors = call("-m", "seed=0,1,7", "study.retry=failed")
    assert code == 1 and trained(text) == 1
    assert "seed_7: did not fail, left out" in errors
    assert trained(call("-m", "seed=0,1,7")[1]) == 2


def test_a_wrong_choice_of_cells_starts_nothing(call, outputs):
    code, text, errors = call("-m", "seed=0,7", "study.retry=fialed")
    assert code == 2 and trained(text) == 0
    assert errors.startswith("study.retry: got 'fialed', expected unfinished or failed")


def test_cells_that_would_share_a_folder_are_refused(call, outputs):
    code, text, errors = call("+study=ising_error_scaling_quick", "sampler.steps=8,16")
    assert code == 2 and trained(text) == 0
    assert "2 cells of this sweep share the folder d16_n1000_seed0" in errors
    assert not list(outputs.rglob("summary.json"))


def test_names_that_no_folder_can_have_are_refused(call, outputs):
    code, text, errors = call("-m", "seed=0,7", f"hydra.sweep.subdir={'a' * 257}_${{seed}}")
    assert code == 2 and trained(text) == 0
    assert "hydra.sweep.subdir: got a folder's name of 259 bytes" in errors


def test_swept_experiments_stand_in_one_folder(call, outputs):
    code, _, errors = call("-m", "+experiment=ising_d16,ising_d32", "seed=0")
    assert code == 0
    names = ["+experiment_ising_d16__seed_0", "+experiment_ising_d32__seed_0"]
    assert cells(outputs / "multirun" / "ising_ring") == names
    assert "2 of 2 cells done" in errors


def wait_for(path: Path):
    deadline = time.time() + 30
    while not path.exists():
        assert time.time() < deadline, path
        time.sleep(0.05)
    time.sleep(0.5)


@pytest.mark.timeout(120)
def test_a_cell_that_another_process_runs_is_left_to_it_and_outlives_its_death(
    call, start, outputs
):
    cell = outputs / "multirun" / "ising_ring" / "seed_6"
    first = start("-m", "seed=0,6")
    wait_for(cell / "train.log")
    code, text, errors = call("-m", "seed=6,7")
    assert code == 0 and trained(text) == 1
    assert "seed_6: another process is at it" in errors
    assert "0 of 2 cells done, 1 running" in errors
    first.kill()
    first.wait()
    # A lock falls with the process that held it.
    second = start("-m", "seed=6,7")
    assert not (cell / "summary.json").exists()
    time.sleep(5)
    second.kill()
    assert "another process" not in second.communicate()[1]


def counts(errors):
    """The lines on how far a sweep has got, without the time that is left."""
    found = re.findall(r"\d+ of \d+ cells done(?:, \d+ (?:running|failed))*", errors)
    return [line.replace(" cells done", "") for line in found]


def test_the_line_is_told_at_the_start_and_before_and_after_every_cell(call):
    _, _, errors = call("-m", "seed=0,1,7")
    assert counts(errors) == [
        "0 of 3",
        "0 of 3, 1 running",
        "1 of 3",
        "1 of 3, 1 running",
        "1 of 3, 1 failed",
        "1 of 3, 1 running, 1 failed",
        "2 of 3, 1 failed",
    ]
    _, _, errors = call("-m", "seed=0,7")
    assert counts(errors) == ["2 of 2"] * 3  # none is run


def test_a_cell_that_is_done_is_not_running_and_a_glance_takes_none_away(tmp_path):
    """Who looks at a lock holds it for an instant; a claim in this instant waits for it."""
    plan = Plan.of(tmp_path, ["done", "open"])
    for name in plan.cells:
        (tmp_path / name).mkdir()
    (tmp_path / "done" / "summary.json").touch()
    with FileLock(tmp_path / "done" / ".lock"), FileLock(tmp_path / "open" / ".lock"):
        assert (plan.progress().done, plan.progress().running) == (1, 1)
    glance = FileLock(tmp_path / "open" / ".lock", thread_local=False)
    glance.acquire()
    threading.Timer(INSTANT / 4, glance.release).start()
    with claimed(OmegaConf.create({}), tmp_path / "open", lambda *_: None) as to_run:
        assert to_run


def test_time_left_does_not_count_what_is_refused(tmp_path):
    """Of four cells two were done before with another configuration, and one is done since."""
    names = ["refused 1", "refused 2", "new", "open"]
    for name in names:
        (tmp_path / name).mkdir()
    for name in names[:2]:
        (tmp_path / name / "summary.json").touch()
    plan = Plan.of(tmp_path, names)._replace(began=time.time() - 60)
    for name in names[:2]:
        mark = '{"error": "ChangedConfig", "messages": ["sampler.steps 32 -> 8"]}'
        (tmp_path / name / "failed.json").write_text(mark)
    assert plan.progress().seconds_left is None
    (tmp_path / "new" / "summary.json").touch()
    progress = plan.progress()
    assert (progress.done, progress.refused) == (1, 2)
    assert progress.seconds_left == pytest.approx(60, abs=5)


def test_a_mark_that_goes_while_it_is_looked_for_is_none(tmp_path):
    assert read_mark(tmp_path) is None and not has_failed(tmp_path)


def test_a_command_lists_its_own_failures_whatever_another_one_plans(call, start, outputs):
    """Both sweep one folder; the second one's plan is in it when the first one ends."""
    sweep = outputs / "multirun" / "ising_ring"
    first = start("-m", "seed=1,9,0")
    wait_for(sweep / "seed_9" / "process")
    assert call("-m", "seed=7")[0] == 0
    (sweep / "go").touch()
    _, errors = first.communicate(timeout=60)
    assert first.returncode == 1
    assert errors.splitlines()[-1] == (
        "  seed_1: checkpoint x.ckpt is truncated; resume from best.ckpt"
    )


def test_plans_survive_as_json(call, outputs):
    call("-m", "seed=0,7")
    plan = json.loads((outputs / "multirun" / "ising_ring" / "sweep.json").read_text())
    assert plan["cells"] == ["seed_0", "seed_7"] and plan["done_before"] == 0


def test_a_sweep_of_trainings_that_would_each_start_it_again_is_refused(call, outputs):
    code, text, errors = call("-m", "seed=0,7", "trainer=ddp")
    assert code == 2 and trained(text) == 0
    assert errors.startswith("trainer.devices: got a sweep of trainings on 2 processes")
    assert errors.count("\n") == 1
    assert not outputs.exists()
