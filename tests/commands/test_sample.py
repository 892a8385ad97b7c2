"""Samples of a trained run, under a condition or by another sampler."""

import pytest

from truescore.runs import read_samples


def test_samples_under_a_condition(run_folder, script):
    code, out, _ = script("sample.py", f"run={run_folder}", "hold=0:1,5:-1", "sweeps=0.2")
    file = run_folder / "samples" / "n50_seed0_hold0at1-5at-1_sweeps0.2.safetensors"
    assert code == 0 and str(file) in out
    assert "evaluate.py" not in out and "no exact values to judge them by" in out
    code, _, error = script("evaluate.py", f"run={run_folder}", f"samples={file}")
    assert code == 2 and f"got samples={file}, drawn with hold=0:1,5:-1, expected" in error
    x = read_samples(file)
    assert (x[:, 0] == 1).all() and (x[:, 5] == -1).all() and (x[:, 1] != x[0, 1]).any()
    code, out, _ = script("sample.py", f"run={run_folder}", "magnetisation=-4", "sweeps=0.2")
    assert code == 0
    file = run_folder / "samples" / "n50_seed0_M-4_sweeps0.2.safetensors"
    assert (read_samples(file).sum(1) == -4).all()
    code, out, _ = script("sample.py", f"run={run_folder}", "temperature=0.9", "sweeps=0.2")
    assert code == 0 and out.rstrip().endswith(
        "dataset.dim=16 dataset.coupling=1.0 dataset.temperature=0.9"
    )


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("hold=16:1", "got site 16 held, expected a site from 0 to 15"),
        ("hold=3", "expected SITE:VALUE"),
        ("magnetisation=3", "got magnetisation=3, expected -16, -14, .. 16"),
        ("temperature=-1", "got temperature=-1, expected > 0"),
        ("sweeps=3", "got sweeps= alone"),
    ],
)
def test_conditions_that_cannot_be_get_one_line(argument, message, run_folder, script):
    code, _, error = script("sample.py", f"run={run_folder}", argument)
    assert code == 2 and message in error
    assert len(error.strip().splitlines()) == 1


def test_another_sampler_draws_from_the_same_model(run_folder, script):
    # The keys may stand before the sampler that they are of.
    code, out, _ = script("sample.py", f"run={run_folder}", "sampler.steps=3", "sampler=euler")
    file = run_folder / "samples" / "n50_seed0_euler_steps-3.safetensors"
    assert code == 0 and str(file) in out
    assert read_samples(file).shape == (50, 16)
    # The bound is that of the sampler that drew them, and not of the run's own.
    judged = (f"run={run_folder}", f"samples={file}", "metrics.n_bound=20", "out=euler")
    code, out, _ = script("evaluate.py", *judged)
    assert code == 0 and "JumpEuler" in out and "AnalyticTrapezoidal" not in out
    code, out, _ = script("evaluate.py", *judged, "sampler=analytic_trapezoidal")
    assert code == 0 and "a step of AnalyticTrapezoidal has no law" in " ".join(out.split())
    code, _, error = script("sample.py", f"run={run_folder}", "n_generate=10")
    assert code == 2 and "did you mean sampler.n_generate=10?" in error
    code, _, error = script("sample.py", f"run={run_folder}", "sampler=heun")
    assert code == 2 and "sampler=heun needs real values" in error
    code, _, error = script("sample.py", f"run={run_folder}", "sampler=eular")
    assert code == 2 and "did you mean euler?" in error


def test_sampling_needs_a_run(script, run_folder):
    assert script("sample.py", "sampler.steps=4")[0] == 2
    code, _, error = script("sample.py", f"run={run_folder}", "sampler.n_generat=3")
    assert code == 2 and "no such key; did you mean sampler.n_generate?" in error
    code, _, error = script("sample.py", f"run={run_folder}", "sampler.steps=0")
    assert code == 2 and "sampler.steps: got 0" in error
