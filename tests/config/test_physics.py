"""Numbers that are right by themselves and impossible together: one line, without torch."""

import math

import pytest

from truescore.config import check
from truescore.config.physics import MOST_WIDTHS, widths
from truescore.errors import UserError
from truescore.targets import FourWell, GinzburgLandauChain, NearestNeighbourChain, chain_nodes

GL = "+experiment=gl_d8"
BAD = [
    (["dataset.dim=5000"], "dataset.dim: got 5000, expected at most 1101 with dataset.lam=0.03"),
    (["dataset.temperature=1e-9"], "dataset.temperature: got 1e-09, expected at least 0.00"),
    (["dataset.lam=1e9"], "dataset.temperature: got 8, expected at least"),
    (["dataset.half_width=1e6"], "dataset.half_width: got 1e+06, expected at most 93.64 with"),
    (["dataset.half_width=1e-9"], "dataset.half_width: got 1e-09, expected a number >= 0.01"),
    (["dataset.n_train=8", "dataset.batch_size=8"], "dataset.n_train: got 8, expected more than"),
]
LANGEVIN = [
    (["dataset.langevin.dt=1e-12"], "dataset.langevin.dt: got 1e-12, expected at least 3"),
    (["dataset.langevin.burn_in=1e9"], "dataset.langevin.dt: got 0.001, expected at least 1e+02"),
]


@pytest.mark.parametrize(("overrides", "line"), BAD)
def test_one_impossible_combination_is_one_line(composed, overrides, line):
    (error,) = check(composed(GL, *overrides))
    assert error.startswith(line)
    assert "\n" not in error


@pytest.mark.parametrize(("overrides", "line"), LANGEVIN)
def test_a_simulation_without_end_is_one_line(composed, overrides, line):
    assert check(composed(GL, *overrides)) == []
    (error,) = check(composed(GL, "dataset.simulator=langevin", *overrides))
    assert error.startswith(line)


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("burn_in=1000000000", "dataset.markov_chain.burn_in: got 1000000000, expected at most 1."),
        ("thin=1000000000", "dataset.markov_chain.thin: got 1000000000, expected at most 1.7e+06:"),
    ],
)
def test_flips_without_end_are_one_line(composed, override, line):
    """1e12 updates by 1,000 chains of 64 spins are 1.6e7 sweeps, here of 9 times thin."""
    override = f"dataset.markov_chain.{override}"
    assert check(composed(override)) == []
    (error,) = check(composed("dataset.simulator=metropolis", override))
    assert error.startswith(line) and "1000 chains of 64 spins would take" in error


@pytest.mark.parametrize("experiment", ["ising_d16", "four_well"])
def test_the_least_and_the_most_of_other_laws(composed, experiment):
    key, bad, line = {
        "ising_d16": ("dim", 100_000, "dataset.dim: got 100000, expected an integer >= 3 and <="),
        "four_well": ("temperature", 1e-6, "dataset.temperature: got 1e-06, expected a number >="),
    }[experiment]
    (error,) = check(composed(f"+experiment={experiment}", f"dataset.{key}={bad}"))
    assert error.startswith(line)


def test_the_coldest_four_wells_are_a_law():
    law = FourWell(temperature=0.01)
    assert float(law.marginal_cdf(law.mean()[None] + 2)[1]) == pytest.approx(1, abs=1e-9)
    with pytest.raises(UserError, match="got temperature=0.009, expected at least 0.01"):
        FourWell(temperature=0.009)


def test_what_is_told_as_the_limit_is_allowed(composed):
    for key, limit, beyond in (("dim", 1101, 1103), ("half_width", 93.6, 93.7)):
        override = f"dataset.{key}="
        assert check(composed(GL, "dataset.n_train=3000", f"{override}{limit}")) == []
        assert len(check(composed(GL, "dataset.n_train=3000", f"{override}{beyond}"))) == 1


def test_a_dim_of_ones_own_law_may_be_anything(composed):
    own = ["dataset.name=mine", "dataset._target_=my.Law"]
    assert check(composed(GL, *own, "dataset.dim=[2,3]")) == []


@pytest.mark.parametrize(
    ("stretch", "temperature", "resolved"), [(21.0, 8.0, True), (46.0, 8.0, False)]
)
def test_the_limit_is_that_of_the_quadrature(monkeypatch, stretch, temperature, resolved):
    """With a quarter of its nodes, at a quarter of its widths; between the two it is tried."""
    monkeypatch.setattr(chain_nodes, "MAX_NODES", 1024 // 4)
    most = MOST_WIDTHS / 4
    dim = 4
    assert (widths(dim, 0.3, temperature, half_width=stretch) < most) is resolved

    def law():
        return GinzburgLandauChain(dim, 0.3, temperature, half_width=stretch)

    if resolved:
        assert math.isfinite(law().log_normalizer)
    else:
        with pytest.raises(UserError, match="256 quadrature nodes do not resolve"):
            law()


@pytest.mark.parametrize(
    "pull", [lambda x, i: 1 / (x - x), lambda x, i: 5e4 * (x - 1.6 * i + 0.8) ** 2]
)
def test_potentials_that_leave_no_weight_are_one_line(pull):
    with pytest.raises(UserError, match="not finite on .*, or so large.*raise the temperature"):
        NearestNeighbourChain(2, pull, lambda x, y, i: 5e4 * (x - y) ** 2, interval=(-1.0, 1.0))


@pytest.mark.parametrize("prediction", ["noise", "score"])
@pytest.mark.parametrize("weighting", ["mode", "edm"])
def test_predictions_that_high_noise_drowns_are_refused(composed, prediction, weighting):
    pair = ["model=mlp", f"model.prediction={prediction}", f"loss.weighting={weighting}"]
    (error,) = check(composed(GL, *pair))
    assert error.startswith(f"model.prediction={prediction} with loss.weighting={weighting}: the")
    assert check(composed(GL, *pair, "loss.times=log_normal")) == []
    assert check(composed(GL, *pair[:2], "loss.weighting=score")) == []
    assert check(composed(GL, pair[0], pair[2], "model.prediction=v")) == []


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["model=masked_mlp"], "model=masked_mlp is for masks, sde=spin_flip has none"),
        (["loss=any_order"], "loss=any_order is for masks, sde=spin_flip has none"),
        (["sampler=unmasking"], "sampler=unmasking is for masks, sde=spin_flip has none"),
        (["model=couplings"], "model=couplings holds at t = 0 alone, and loss=ratio_matching"),
    ],
)
def test_parts_that_answer_for_less_than_they_are_asked_are_refused(composed, overrides, line):
    (error,) = check(composed("dataset=ising_ring", *overrides))
    assert error.startswith(line)


def test_what_is_for_masks_goes_with_masks(composed):
    masks = ["sde=absorbing", "loss=any_order", "sampler=unmasking"]
    assert check(composed("dataset=gray_code", "model=masked_mlp", "metrics=codes", *masks)) == []
    assert check(composed("dataset=ising_ring", *masks)) == []
