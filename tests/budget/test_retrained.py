"""What is trained again: on which data, and what it tells apart."""

import json

import pytest
from omegaconf import OmegaConf

from truescore.budget import measure
from truescore.budget.retrained import (
    MOST_ENTRIES,
    check_retraining,
    exact_data,
    retrained,
    unlimited_data,
)
from truescore.config import config_hash
from truescore.errors import UserError
from truescore.runs import load_run
from truescore.training.run import train

from .conftest import small_config

CONFIG = {
    "name": "one",
    "seed": 3,
    "dataset": {"n_train": 400, "batch_size": 50, "simulator": "glauber"},
    "trainer": {"max_steps": 8000},
    "ckpt_path": "somewhere",
}


def test_unlimited_data_are_exact_and_served_once():
    again = unlimited_data(CONFIG, dim=16)
    assert again["dataset"] == {"n_train": 400_000, "batch_size": 50, "simulator": "exact"}
    assert again["ckpt_path"] is None and again["seed"] == 3
    assert CONFIG["dataset"]["n_train"] == 400


def test_unlimited_data_fit_the_memory_and_are_never_fewer():
    assert unlimited_data(CONFIG, dim=MOST_ENTRIES // 1000)["dataset"]["n_train"] == 1000
    assert unlimited_data(CONFIG, dim=MOST_ENTRIES)["dataset"]["n_train"] == 400


def test_exact_data_are_as_many():
    again = exact_data(CONFIG)["dataset"]
    assert (again["n_train"], again["simulator"]) == (400, "exact")


@pytest.mark.parametrize(("trained_by", "by"), [("cpu", "cpu"), ("gpu", "auto")])
def test_one_process_trains_again_whatever_trained_the_run(trained_by, by):
    trainer = {"max_steps": 8000, "accelerator": trained_by, "devices": 4, "num_nodes": 2}
    again = exact_data(CONFIG | {"trainer": trainer})["trainer"]
    expected = {"max_steps": 8000, "accelerator": by, "devices": 1, "num_nodes": 1}
    assert again == expected


def test_stored_trajectories_are_refused():
    with pytest.raises(UserError, match="use train=false"):
        check_retraining({"dataset": {"forward": "trajectory"}})


def test_a_folder_is_trained_once_and_of_one_configuration(without_figures, tmp_path, caplog):
    small = small_config("ising_d16", "dataset.dim=4")
    config = OmegaConf.to_container(small, resolve=True)
    first = retrained(config, tmp_path / "again", 1.0)
    written = (tmp_path / "again" / "summary.json").stat().st_mtime_ns
    assert retrained(config, tmp_path / "again", 1.0).config == first.config
    assert (tmp_path / "again" / "summary.json").stat().st_mtime_ns == written
    assert config_hash(first.config) == config_hash(config)
    with pytest.raises(UserError, match="another configuration"):
        retrained({**config, "seed": 1}, tmp_path / "again", 1.0)


@pytest.mark.slow
def test_few_training_samples_show_in_f_alone(without_figures, tmp_path):
    """Score errors too: hundreds of times the data mend what 40 samples do."""
    few = [
        "dataset.n_train=40",
        "dataset.batch_size=40",
        "dataset.dim=6",
        "callbacks.ema_decay=0.99",
        "trainer.max_steps=400",
        "trainer.val_every_n_steps=100",
        "sampler.steps=16",
        "metrics.n_score=500",
    ]
    train(small_config("ising_d16", *few), tmp_path)
    budget = measure(load_run(tmp_path), 2000, fine_steps=16)
    assert [letter for letter, _ in budget.rungs] == ["A", "B", "C", "D", "E", "F"]
    e, f = budget.splits["cov_frobenius"].parts[-2:]
    assert f.seen and f.value > 1.5 * max(e.value, 0.0)
    for letter in ("B", "D"):
        one = budget.splits["cov_frobenius"].parts["BCD".index(letter)]
        assert abs(one.value) < f.value / 3
    scores = [judged["score_error"].value for judged in budget.judgements[-2:]]
    assert scores[1] > 2 * scores[0]
    summary = json.loads((tmp_path / "budget" / "unlimited" / "summary.json").read_text())
    assert summary["n_train"] == 16_000


@pytest.mark.slow
def test_simulated_data_have_a_rung_of_their_own(without_figures, tmp_path):
    """Chains cut short of equilibrium show in G alone."""
    short = [
        "dataset.dim=6",
        "dataset.n_train=2000",
        "dataset.simulator=glauber",
        "dataset.markov_chain.n_chains=2000",
        "dataset.markov_chain.burn_in=1",
        "trainer.max_steps=400",
        "trainer.val_every_n_steps=100",
        "sampler.steps=16",
        "metrics.n_score=100",
    ]
    train(small_config("ising_d16", *short), tmp_path)
    budget = measure(load_run(tmp_path), 1500, fine_steps=16)
    assert budget.rungs[-2:] == [("F", "finite N"), ("G", "simulated data")]
    *others, simulated = budget.splits["energy_per_site"].parts
    assert simulated.seen
    assert all(abs(one.value) < simulated.value / 3 for one in others)
