"""Runs of states and of masks, from configuration to summary and back."""

import json

import pytest
import torch
from omegaconf import OmegaConf

import truescore
from truescore.config.pairing import options
from truescore.denoisers.learned import LearnedCategoricalDenoiser, LearnedSpinDenoiser
from truescore.likelihood import negative_elbo
from truescore.processes import Absorbing, UniformJump
from truescore.runs import read_samples
from truescore.training.rehearsal import rehearse
from truescore.training.run import train

from .conftest import small_config

LOSSES = ["clean_cross_entropy", "score_entropy", "concrete_score", "elbo", "mixture"]


@pytest.fixture(scope="module")
def potts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("potts")
    return folder, train(small_config("potts_d32", "dataset.dim=8", "dataset.n_states=4"), folder)


def test_a_run_of_states_is_judged_by_indicators(potts):
    folder, summary = potts
    assert json.loads((folder / "summary.json").read_text()) == summary
    assert set(summary["metrics"]) == {
        "frequencies",
        "cov_frobenius",
        "agreement",
        "domain_lengths",
        "energy_per_site",
        "marginals_ks",
        "score_error",
        "excess_loss",
    }
    uniform, apart, fitted = "uniform states", "independent states", "fitted coupling"
    assert set(summary["baselines"]) == {"training data", uniform, apart, fitted}
    errors = {
        name: judged["score_error"]["value"]
        for name, judged in summary["baselines"].items()
        if name != "training data"
    }
    assert 0 < errors["fitted coupling"] < errors["independent states"]
    assert summary["eigenmodes"] is None
    figures = {path.stem for path in (folder / "figures").glob("*.png")}
    judged = {"score_error", "summary", "two_point", "domain_lengths", "verdicts", "loss"}
    assert figures == {"samples", "marginals"} | judged


def test_a_run_of_states_comes_back(potts):
    folder, _ = potts
    run = truescore.load_run(folder)
    assert isinstance(run.denoiser, LearnedCategoricalDenoiser)
    assert isinstance(run.process, UniformJump) and run.process.n_states == 4
    x = read_samples(folder / "samples.safetensors")
    assert x.shape == (100, 8) and set(x.unique().tolist()) <= {0.0, 1.0, 2.0, 3.0}
    assert torch.equal(run.sample(100, seed=run.config["seed"]), x)
    bound = negative_elbo(run.denoiser, run.target, 100, torch.Generator().manual_seed(0), 4)
    assert bound.per_site > bound.entropy_per_site


def test_the_same_run_has_the_same_bits(potts, tmp_path, without_figures):
    folder, summary = potts
    again = train(small_config("potts_d32", "dataset.dim=8", "dataset.n_states=4"), tmp_path)
    assert again["metrics"] == summary["metrics"]
    ends = [read_samples(each / "samples.safetensors") for each in (folder, tmp_path)]
    assert torch.equal(*ends)


MASKED = [
    ["ising_d16"],
    ["potts_d32", "dataset.dim=6"],
    ["ising_d16", "model=masked_mlp", "loss=elbo"],
    ["potts_d32", "dataset.dim=6", "model=masked_mlp", "loss=any_order", "sampler=unmasking"],
    ["ising_d16", "model=masked_mlp", "loss=any_order", "sampler=unmasking"],
]


@pytest.mark.parametrize("overrides", MASKED, ids=str)
def test_masks_train_and_leave_none_behind(overrides, tmp_path, without_figures):
    summary = train(small_config(*overrides, "sde=absorbing"), tmp_path)
    run = truescore.load_run(tmp_path)
    assert isinstance(run.process, Absorbing)
    assert isinstance(run.denoiser, (LearnedSpinDenoiser, LearnedCategoricalDenoiser))
    x = read_samples(tmp_path / "samples.safetensors")
    assert torch.isin(x, run.process.symbols[: run.process.n_states]).all()
    assert summary["metrics"]["score_error"]["value"] > 0


@pytest.mark.parametrize("experiment", ["ising_d16", "potts_d32"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("model", ["leave_one_out", "leave_one_out_mlp"])
def test_every_loss_goes_with_every_model_noise_and_law(experiment, loss, model):
    for sde in ("absorbing", {"ising_d16": "spin_flip", "potts_d32": "uniform_jump"}[experiment]):
        config = small_config(experiment, f"sde={sde}", f"model={model}", f"loss={loss}")
        before = OmegaConf.to_yaml(config)
        rehearse(config)
        assert OmegaConf.to_yaml(config) == before


@pytest.mark.parametrize(
    "model", [name for name in options("model", "categorical") if name != "masked_mlp"]
)
def test_every_model_of_states_trains_and_samples(model, tmp_path, without_figures):
    summary = train(small_config("potts_d32", "dataset.dim=8", f"model={model}"), tmp_path)
    assert 0 < summary["metrics"]["score_error"]["value"] < 1
