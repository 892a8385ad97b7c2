"""Training on what a simulation gives, and the certificate beside every run."""

import json
import logging
import shutil
from pathlib import Path

import pytest
import torch

from truescore.build import build_process, build_target
from truescore.commands.evaluate import evaluate_run
from truescore.runs import read_config
from truescore.simulate import data
from truescore.training.data import LawDataModule, training_data
from truescore.training.run import train

from .conftest import small_config

STAND_IN = Path(__file__).resolve().parents[1] / "simulate" / "stand_in.py"
LANGEVIN = [
    "dataset.simulator=langevin",
    "dataset.langevin.integrator=euler_maruyama",
    "dataset.langevin.dt=0.001",
    "dataset.langevin.n_chains=80",
    "dataset.langevin.burn_in=0.1",
    "dataset.langevin.thin=0.01",
]


@pytest.fixture
def euler(tmp_path, monkeypatch):
    """A plain Euler-Maruyama step in place of the package's own."""
    (tmp_path / "module").mkdir()
    shutil.copy(STAND_IN, tmp_path / "module" / "plain_euler.py")
    monkeypatch.syspath_prepend(str(tmp_path / "module"))
    monkeypatch.setitem(data.INTEGRATORS, "euler_maruyama", "plain_euler.PlainEuler")


def test_the_certificate_of_exact_data_passes(finished):
    folder, config, _ = finished
    certificate = json.loads((folder / "certificate.json").read_text())
    assert certificate["passed"] and certificate["simulator"] == "exact"
    assert certificate["n"] == certificate["n_effective"] == config.dataset.n_train


def test_a_run_on_simulated_data(euler, tmp_path, caplog, without_figures):
    config = small_config("gl_d8", *LANGEVIN)
    run = tmp_path / "run"
    run.mkdir()
    with caplog.at_level(logging.INFO, logger="truescore"):
        summary = train(config, run)
    # Chains this short have kept their start: the certificate says so, in the file and in the log.
    certificate = json.loads((run / "certificate.json").read_text())
    assert certificate["simulator"] == "euler_maruyama" and certificate["n_chains"] == 80
    assert not certificate["passed"]
    assert "Data certificate: 400 samples of GinzburgLandauChain" in caplog.text
    warnings = [r.message for r in caplog.records if r.levelno == logging.WARNING]
    assert sum(line.startswith("data certificate: ") for line in warnings) == len(
        certificate["failures"]
    )
    assert summary["metrics"]["energy_per_site"]["floor"] > 0
    # Judged again from its folder, with the data as they are kept.
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="truescore"):
        evaluate_run(run, [], None, str(tmp_path / "again"))
    again = json.loads((tmp_path / "again" / "summary.json").read_text())
    assert again["baselines"]["training data"] == summary["baselines"]["training data"]
    assert "simulating" not in caplog.text
    dataset = read_config(run)["dataset"]
    assert dataset["simulator"] == "langevin"


def test_a_run_on_spins_of_a_markov_chain(tmp_path, without_figures):
    """Held-out spins are of other chains; 400 rows are 80 chains of 5."""
    chain = ["n_chains=80", "burn_in=50", "thin=20"]
    config = small_config(
        "ising_d16", "dataset.simulator=glauber", *(f"dataset.markov_chain.{c}" for c in chain)
    )
    train(config, tmp_path)
    certificate = json.loads((tmp_path / "certificate.json").read_text())
    assert certificate["simulator"] == "glauber" and certificate["n_chains"] == 80
    assert 200 < certificate["n_effective"] <= certificate["n"] == 400
    assert certificate["quantities"]["kink_density"]["r_hat"] < 1.1
    target = build_target(config)
    process = build_process(config, target.dim)
    module = LawDataModule(target, process, config.dataset, steps_per_epoch=4, seed=0)
    assert not torch.equal(module.val_data, module.train_data[:100])


def test_held_out_data_are_of_other_chains(euler):
    config = small_config("gl_d8", *LANGEVIN)
    target = build_target(config)
    process = build_process(config, target.dim)
    module = LawDataModule(target, process, config.dataset, steps_per_epoch=4, seed=0)
    assert torch.equal(module.train_data, training_data(target, config.dataset, 0))
    assert len(module.val_data) == 100
    assert not (module.val_data[:, None] == module.train_data).all(-1).any()
    assert not torch.equal(module.train_data, training_data(target, config.dataset, 1))


@pytest.mark.parametrize("rule", ["reflecting", "rejecting"])
def test_a_law_in_a_box_has_data_inside(rule):
    """A seventh of N(0, I) starts beyond the wall; the step is Euler-Maruyama's."""
    config = small_config(
        "gl_d8", *LANGEVIN, "dataset.half_width=1.5", f"dataset.langevin.box={rule}"
    )
    rows = training_data(build_target(config), config.dataset, 0)
    assert 1.4 < float(rows.abs().max()) <= 1.5


def test_a_torus_without_exact_samples_learns_from_clusters(monkeypatch, tmp_path, without_figures):
    """All it takes of the law is there: certificate, perfect samples, baselines, metrics."""
    monkeypatch.setattr("truescore.targets.wide_torus.N_REFERENCE", 4096)
    sides = "dataset.rows=11", "dataset.columns=12", "dataset.markov_chain.n_chains=100"
    chains = "dataset.markov_chain.burn_in=20", "dataset.markov_chain.thin=5"
    summary = train(small_config("ising_torus_16x16", *sides, *chains), tmp_path)
    judged = {"energy_per_site", "cov_frobenius", "magnetisation_squared", "marginals_ks"}
    assert judged < set(summary["metrics"]) and "score_error" not in summary["metrics"]
    certificate = json.loads((tmp_path / "certificate.json").read_text())
    assert certificate["simulator"] == "wolff" and certificate["law"] == "IsingTorus"
