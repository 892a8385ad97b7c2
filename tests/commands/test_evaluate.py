"""Samples of a run, of its model or anybody's, judged again."""

import json

import numpy as np
import pytest
import torch

from truescore.runs import read_samples
from truescore.targets import FourWell, IsingRing

from .conftest import QUICK


@pytest.fixture
def ring_samples(tmp_path):
    x = IsingRing(16).sample(500, torch.Generator().manual_seed(0))
    np.save(tmp_path / "ring.npy", x.numpy())
    return tmp_path / "ring.npy"


def test_a_run_is_judged_again(run_folder, script, tmp_path):
    code, out, _ = script("evaluate.py", f"run={run_folder}", f"out={tmp_path / 'again'}")
    assert code == 0
    first = json.loads((run_folder / "summary.json").read_text())["metrics"]
    again = json.loads((tmp_path / "again" / "summary.json").read_text())["metrics"]
    assert again == first
    assert "covariance, Frobenius" in out and "independent spins" in out
    assert (tmp_path / "again" / "figures" / "verdicts.png").is_file()


def test_a_bound_stands_beside_the_errors_of_a_sampler_that_has_one(run_folder, script, tmp_path):
    """The run's own has none, which its table and summary say."""
    summary = json.loads((run_folder / "summary.json").read_text())["path_bound"]
    assert summary["value"] is None and "AnalyticTrapezoidal" in summary["reason"]
    assert "No bound on KL(data || generated)" in (run_folder / "table.txt").read_text()
    quick = ["sampler.steps=4", "metrics.n_bound=40", "metrics.n_score=300"]
    code, out, _ = script(
        "evaluate.py", f"run={run_folder}", "sampler=analytic", *quick, f"out={tmp_path}"
    )
    assert code == 0 and "KL(data || generated) <= " in out
    assert "Couplings J_ij read off the score at t = 0: " in out
    couplings = json.loads((tmp_path / "summary.json").read_text())["couplings"]
    assert couplings["exact_on_bonds"] == pytest.approx(1.0)
    bound = json.loads((tmp_path / "summary.json").read_text())["path_bound"]
    assert bound["sampler"] == "AnalyticBridge" and bound["n"] == 40
    parts = bound["prior_mismatch"] + bound["discretisation"] + bound["learning"]
    assert bound["value"] == pytest.approx(parts)
    assert set(bound["moment_bars"]) == {"energy_per_site", "magnetisation_squared", "kink_density"}
    elbo = json.loads((tmp_path / "summary.json").read_text())["elbo"]
    assert elbo["n"] == 40 and elbo["ci_low"] < elbo["per_site"] < elbo["ci_high"]
    assert elbo["entropy_per_site"] == pytest.approx(IsingRing(16).entropy() / 16)
    assert "Negative evidence bound: " in out
    code, out, _ = script("evaluate.py", f"run={run_folder}", "metrics.n_bound=0", "out=none")
    assert code == 0 and "KL(data" not in out and "evidence" not in out


def test_more_samples_are_drawn_and_judged(run_folder, script, tmp_path):
    file = tmp_path / "more.safetensors"
    code, out, _ = script(
        "sample.py", f"run={run_folder}", "sampler.n_generate=120", "seed=4", f"out={file}"
    )
    assert code == 0 and str(file) in out
    assert read_samples(file).shape == (120, 16)
    code, _, _ = script("evaluate.py", f"run={run_folder}", f"samples={file}", f"out={tmp_path}")
    assert code == 0
    metrics = json.loads((tmp_path / "summary.json").read_text())["metrics"]
    assert metrics["score_error"]["value"] > 0


def test_anybodys_samples_are_judged(ring_samples, script, tmp_path):
    code, out, _ = script(
        "evaluate.py", f"samples={ring_samples}", "dataset=ising_ring", "dataset.dim=16", *QUICK
    )
    assert code == 0
    assert "at floor" in out
    (summary,) = tmp_path.glob("outputs/evaluate/ring_*/summary.json")
    metrics = json.loads(summary.read_text())["metrics"]
    assert metrics["cov_frobenius"]["verdict"] == "at floor"
    assert "score_error" not in metrics


def test_samples_on_a_line_are_judged(script, tmp_path):
    x = FourWell().sample(500, torch.Generator().manual_seed(105))
    np.savetxt(tmp_path / "line.csv", x.numpy())
    code, out, error = script("evaluate.py", "samples=line.csv", "dataset=four_well", *QUICK)
    assert code == 0, error
    assert "well occupation" in out and "two Gaussians" in out
    (figures,) = tmp_path.glob("outputs/evaluate/line_*/figures")
    assert {path.name for path in figures.iterdir()} == {"density.png", "verdicts.png"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["samples={ring}", "dataset=ising_ring", "dataset.dim=17"], "expected (n, 17)"),
        (["samples={ring}", "dataset=ising_ring", "dataset.dim=2"], "dataset.dim: got 2"),
        (["samples={ring}", "dataset=ising_rung"], "ising_rung"),
        (["samples={ring}", "dataset=ising_ring", "dataset.dimm=16"], "dimm"),
        (["samples={ring}"], "without a law"),
        (["samples=nowhere.npy", "dataset=ising_ring"], "does not exist"),
        (["run=nowhere"], "no config.yaml"),
        (["run={run}", "dataset.dim=4"], "expected keys of metrics"),
        (["run={run}", "metrics.n_null=3"], "metrics.n_null: got 3"),
        (["nonsense"], "expected key=value"),
        (["out=x"], "expected one of them"),
        (["run={run}", "out=/proc/nowhere"], "cannot write to /proc/nowhere"),
    ],
)
def test_mistakes_get_one_line(arguments, message, run_folder, ring_samples, script):
    filled = [a.format(ring=ring_samples, run=run_folder) for a in arguments]
    code, _, error = script("evaluate.py", *filled)
    assert code == 2
    assert message in error
    assert len(error.strip().splitlines()) == 1
    assert "Traceback" not in error


def test_other_values_than_spins_are_counted(script, tmp_path):
    x = IsingRing(16).sample(50, torch.Generator().manual_seed(0)).numpy()
    x[0, :3] = 0.5
    np.savetxt(tmp_path / "x.csv", x, delimiter=",")
    code, _, error = script(
        "evaluate.py", "samples=x.csv", "dataset=ising_ring", "dataset.dim=16", *QUICK
    )
    assert code == 2
    assert "got 3 entries that are not spins" in error
    assert not list(tmp_path.glob("outputs/evaluate/x_*"))
