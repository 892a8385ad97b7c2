"""The laboratory from end to end, on few points and few steps."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from hydra import compose, initialize_config_dir

from truescore.errors import UserError
from truescore.laboratory import run_simulation
from truescore.laboratory.outcome import probability
from truescore.laboratory.rehearsal import rehearse

CONF = Path(__file__).resolve().parents[2] / "conf"
QUICK = ["n_points=150", "n_frames=2", "n_snapshots=2"]
ANTICORRELATED = ["dynamics=unadjusted_langevin", "dataset=anticorrelated_gaussian"]


@pytest.fixture
def simulated(tmp_path):
    """`simulated("dynamics=ou")`: the summary, as it stands in the folder."""

    def simulated(*overrides):
        with initialize_config_dir(str(CONF), version_base="1.3"):
            run_simulation(compose("simulate", [*QUICK, *overrides]), tmp_path)
        return json.loads((tmp_path / "summary.json").read_text())

    return simulated


@pytest.mark.parametrize(
    ("overrides", "figures", "has_strong", "has_weak"),
    [
        (["dynamics=brownian", "integrator=milstein"], ["motion.gif", "paths.png"], True, True),
        (["dynamics=ou", "integrator=exact"], ["families.png", "motion.gif"], False, True),
        (["dynamics=probability_flow", "integrator=euler"], ["motion.gif"], True, False),
        (
            ["dynamics=langevin", "integrator=heun", "dataset=random_mixture"],
            ["motion.gif"],
            True,
            False,
        ),
    ],
)
def test_dynamics_leave_a_summary_and_figures(
    simulated, tmp_path, overrides, figures, has_strong, has_weak
):
    summary = simulated(*overrides, "dynamics.steps=12", "dynamics.horizon=0.3", "name=short")
    assert summary["schema_version"] == 1 and summary["name"] == "short"
    assert {f"{k}={summary[k]}" for k in ("dynamics", "integrator")} <= set(overrides)
    assert summary["figures"] == sorted([*figures, "snapshots.png"])
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == summary["figures"]
    assert summary["parameters"]["step"] == pytest.approx(0.025)
    assert [row["time"] for row in summary["moments"]] == pytest.approx([0, 0.3])
    first = summary["moments"][0]["mean"]
    assert first["floor"] > 0 and 0 <= first["p_value"] <= 1 and len(first["measured"]) == 2
    assert (summary["strong_error"] is not None) == has_strong
    assert (summary["weak_error"] is not None) == has_weak
    assert yaml.safe_load((tmp_path / "config.yaml").read_text())["name"] == "short"
    if summary["dynamics"] == "langevin":
        # So soon the points stand where they started, not where they are going.
        assert summary["rejected"]
        assert summary["two_sample"]["verdict"] == "different"
    else:
        assert summary["rejected"] == []
        assert summary["two_sample"]["verdict"] == "no difference found"


def test_the_unadjusted_chain_takes_its_best_step(simulated):
    summary = simulated(*ANTICORRELATED)
    assert summary["parameters"]["tau"] == summary["best"]["tau"] == pytest.approx(0.2549, abs=1e-3)
    assert summary["wasserstein_2"]["after_steps"] == pytest.approx(0.0930, abs=1e-3)
    assert summary["stability_limit"] == pytest.approx(1.2)
    assert summary["rejected"] == []
    assert summary["figures"] == ["beside_direct.png", "error_against_step.png"]


def test_a_chain_far_from_its_target_is_told_apart_and_agrees_with_its_closed_form(simulated):
    summary = simulated(*ANTICORRELATED, "dynamics.tau=0.02", "n_points=400")
    assert summary["two_sample"]["verdict"] == "different"
    assert summary["rejected"] == []
    assert summary["wasserstein_2"]["after_steps"] > 4 * summary["best"]["wasserstein_2"]


def test_the_seed_decides_everything(simulated):
    short = ["dynamics=brownian", "dynamics.steps=3"]
    first, again, other = (simulated(*short, f"seed={seed}") for seed in (1, 1, 2))
    assert first["moments"] == again["moments"] and first["two_sample"] == again["two_sample"]
    assert first["moments"] != other["moments"]


def test_one_exact_step_may_be_as_long_as_it_likes(simulated):
    summary = simulated("dynamics=ou", "dynamics.steps=1", "integrator=exact")
    assert summary["rejected"] == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_the_usual_langevin_run_arrives_at_the_random_mixture(simulated, seed):
    small = ["n_points=1000", f"seed={seed}"]
    summary = simulated("dynamics=langevin", "dataset=random_mixture", *small)
    assert summary["rejected"] == []
    assert summary["two_sample"]["verdict"] == "no difference found"
    assert summary["moments"][0]["mean"]["p_value"] < 1e-6


def test_chances_too_small_to_tell_are_not_told():
    assert probability(0.0) == probability(1e-300) == "< 1e-06"
    assert probability(0.0123, "= ") == "= 0.012"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["dynamics.steps=9"],
            "got dynamics.steps=9 of 2.22 each, expected steps below 0.36, where explicit rules",
        ),
        (
            ["dynamics=ou", "dynamics.steps=1", "integrator=heun"],
            "got dynamics.steps=1 of 3 each, expected steps below 2, where",
        ),
        (
            ["dataset=ginzburg_landau", "dataset.dim=2", "dynamics.start_scale=1e9"],
            "ran away with Euler",
        ),
        (["dataset=four_well"], "got dataset=four_well of 1 dimensions, expected 2"),
        (
            ["dataset=ginzburg_landau", "dataset.dim=2", "dynamics=unadjusted_langevin"],
            "got GinzburgLandauChain, expected a Gaussian",
        ),
        (["dynamics=langevin", "integrator=exact"], "got Exact for OverdampedLangevin"),
    ],
)
def test_what_only_the_objects_know_is_one_line(simulated, tmp_path, overrides, message):
    with pytest.raises(UserError, match=message) as caught:
        simulated(*overrides)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "summary.json").exists()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["dynamics.steps=9", "dataset=random_mixture"], "got dynamics.steps=9 of 2.22 each"),
        (["dataset=four_well"], "got dataset=four_well of 1 dimensions"),
        (["integrator=exact"], "got Exact for OverdampedLangevin"),
        (["dynamics._target_=nowhere.Motion"], "got _target_=nowhere.Motion, which cannot be imp"),
    ],
)
def test_a_rehearsal_tells_before_any_work(overrides, message):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("simulate", overrides)
    with pytest.raises(UserError, match=message) as caught:
        rehearse(config)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dynamics", ["brownian", "ou", "langevin", "probability_flow"])
def test_a_rehearsal_lets_the_usual_pass_and_leaves_nothing(dynamics, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = torch.get_rng_state()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        rehearse(compose("simulate", [f"dynamics={dynamics}"]))
    assert torch.equal(torch.get_rng_state(), before) and not list(tmp_path.iterdir())
