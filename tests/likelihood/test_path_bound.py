"""The bound against the exact relative entropy of samplers on enumerated rings."""

import pytest
import torch

from truescore.denoisers import oracle
from truescore.errors import UserError
from truescore.likelihood import (
    bound_parts,
    certified_bound,
    generated_law,
    path_bound,
    relative_entropy,
)
from truescore.processes import Absorbing, SpinFlip, UniformJump
from truescore.samplers import (
    AnalyticBridge,
    AnalyticTrapezoidal,
    ColouredBridge,
    JumpEuler,
    TauLeaping,
)
from truescore.targets import IsingRing, PottsRing

RING = IsingRing(5)
FLIPS = SpinFlip(5, tolerance=0.05, t_min=0.01)
N = 2000


CASES = {
    "bridge": (RING, FLIPS, AnalyticBridge(16)),
    "few steps": (RING, FLIPS, AnalyticBridge(3)),
    "tau leaping": (RING, FLIPS, TauLeaping(32)),
    "two colours": (RING, FLIPS, ColouredBridge(8, colours=2)),
    "masks": (RING, Absorbing(5, tolerance=0.05, t_min=0.01), AnalyticBridge(16)),
    "masks, two colours": (
        RING,
        Absorbing(5, tolerance=0.05, t_min=0.01),
        ColouredBridge(8, colours=2),
    ),
    "Potts": (PottsRing(3), UniformJump(3, 3, t_min=0.01), AnalyticBridge(16)),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("learned", ["exact score", "wrong score"])
def test_the_bound_is_never_below_the_relative_entropy(case, learned):
    target, process, sampler = CASES[case]
    kind = type(target)
    asked = target if learned == "exact score" else kind(target.dim, temperature=1.3)
    denoiser = oracle(asked, process)
    truth = relative_entropy(sampler, denoiser, target)
    bound = path_bound(sampler, denoiser, target, N, torch.Generator().manual_seed(1))
    assert truth > 0
    # Not below but by chance: once in 10^6.
    assert bound.value + 4.8 * bound.standard_error > truth
    assert bound.value < 60 * truth + 0.05


def test_how_tight_the_bound_is():
    """At 32 evaluations of the exact score: what is drawn together is what makes it loose."""
    ring = IsingRing(8)
    exact = oracle(ring, SpinFlip(8))
    samplers = {
        "euler": JumpEuler(32),
        "analytic": AnalyticBridge(32),
        "four colours": ColouredBridge(8, colours=4),
        "one site after the other": ColouredBridge(4, colours=8),
    }
    tight = {}
    for name, sampler in samplers.items():
        assert sampler.evaluations == 32
        truth = relative_entropy(sampler, exact, ring)
        bound = path_bound(sampler, exact, ring, N, torch.Generator().manual_seed(0))
        low, high = bound.interval
        print(f"{name:26} KL {truth:.2g}, bound {bound.value:.2g} [{low:.2g}, {high:.2g}]")
        assert bound.value + 4.8 * bound.standard_error > truth > 0
        tight[name] = truth, bound.value
    assert tight["analytic"][1] > 5 * tight["analytic"][0]
    assert tight["four colours"][1] < tight["analytic"][1] / 3
    assert tight["one site after the other"][1] < tight["four colours"][1] / 3


def test_the_enumerated_law_is_that_of_the_samples(assert_mean):
    wrong = oracle(IsingRing(5, temperature=1.3), FLIPS)
    sampler = AnalyticBridge(3)
    states, law = generated_law(sampler, wrong, 5)
    assert float(law.sum()) == pytest.approx(1, abs=1e-6)
    x = sampler.sample(wrong, 20_000, 5, torch.Generator().manual_seed(6), chunk_size=20_000)
    assert_mean((x[:, None] == states).all(-1), law)


def test_one_site_at_a_time_is_exact_and_the_bound_tight():
    """Both are then the mismatch of the prior; a bound of all sites at once is far above."""
    denoiser = oracle(RING, FLIPS)
    sequential, together = ColouredBridge(4, colours=5), AnalyticBridge(20)
    truth = relative_entropy(sequential, denoiser, RING)
    bound, parts = bound_parts(sequential, denoiser, RING, N, seed=2)
    assert bound.value == pytest.approx(truth, abs=5 * bound.standard_error)
    assert parts.discretisation == pytest.approx(0, abs=5 * bound.standard_error)
    loose, _ = bound_parts(together, denoiser, RING, N, seed=2)
    assert loose.value > 10 * relative_entropy(together, denoiser, RING)


def test_masks_that_go_one_at_a_time_leave_a_tight_bound():
    """Sites that wait at the horizon for their colour's turn are masked, as in the sampler."""
    denoiser = oracle(RING, Absorbing(5, tolerance=0.05, t_min=0.01))
    bound = path_bound(ColouredBridge(4, colours=5), denoiser, RING, N, torch.Generator())
    assert bound.value == pytest.approx(0, abs=5 * bound.standard_error)
    assert bound.prior == 0


@pytest.mark.parametrize("temperature", [1.05, 1.15])
def test_moments_stay_within_their_bars(temperature):
    """Of a law close by that differs in its coupling alone: energy and two spins, enumerated."""
    denoiser = oracle(IsingRing(5, temperature=temperature), FLIPS)
    sampler = AnalyticBridge(64)
    bound = path_bound(sampler, denoiser, RING, N, torch.Generator().manual_seed(5))
    states, q = generated_law(sampler, denoiser, 5)
    p = RING.log_prob(states).exp()
    for f in (RING.energy(states), states[:, 0] * states[:, 2]):
        variance = float(p @ f**2 - (p @ f) ** 2)
        off = abs(float((q - p) @ f))
        assert 1e-3 < off < bound.moment_bar(variance)


def test_the_learnings_part_may_come_from_few_samples():
    wrong = oracle(IsingRing(5, temperature=1.1), FLIPS)
    whole, all_of_them = bound_parts(AnalyticBridge(8), wrong, RING, N, seed=4)
    same, few = bound_parts(AnalyticBridge(8), wrong, RING, N, seed=4, n_exact=400)
    assert same.value == whole.value
    total = few.prior_mismatch + few.discretisation + few.learning
    assert total == pytest.approx(whole.value, abs=1e-9)
    assert few.learning == pytest.approx(all_of_them.learning, rel=0.5)


def test_what_a_run_certifies_and_what_it_cannot():
    wrong = oracle(IsingRing(5, temperature=1.1), FLIPS)
    some = certified_bound(AnalyticBridge(8), wrong, RING, RING.observables(), 200, seed=0)
    assert "KL(data || generated) <= " in some.lines()[0] and "energy per site" in some.lines()[1]
    said = some.as_dict()
    assert said["ci_low"] < said["value"] < said["ci_high"] and said["n"] == 200
    none = certified_bound(AnalyticTrapezoidal(4), wrong, RING, RING.observables(), 200, seed=0)
    assert none.as_dict()["value"] is None
    assert "AnalyticTrapezoidal" in none.lines()[0] and "sampler=analytic" in none.lines()[0]
    # One Euler step over the whole time flips some site with certainty.
    cold = oracle(IsingRing(5, temperature=0.3), FLIPS)
    never = certified_bound(JumpEuler(2), cold, cold.target, [], 200, seed=0)
    assert never.as_dict()["value"] is None and "No finite bound" in never.lines()[0]


def test_an_exact_sampler_leaves_the_bound_no_scatter():
    """But for the mismatch of the prior, whose log-ratios are small."""
    bound = path_bound(
        ColouredBridge(4, colours=5),
        oracle(RING, SpinFlip(5, tolerance=1e-6)),
        RING,
        200,
        torch.Generator().manual_seed(3),
    )
    assert float(bound.draws.abs().max()) < 0.02


def test_four_colours_cut_the_bound_at_equal_evaluations():
    ring = IsingRing(16)
    denoiser = oracle(ring, SpinFlip(16, tolerance=1e-3))
    plain, coloured = AnalyticBridge(64), ColouredBridge(16, colours=4)
    assert plain.evaluations == coloured.evaluations == 64
    bounds = [
        path_bound(sampler, denoiser, ring, 600, torch.Generator().manual_seed(3))
        for sampler in (plain, coloured)
    ]
    error = (bounds[0].standard_error ** 2 + 9 * bounds[1].standard_error ** 2) ** 0.5
    assert bounds[0].value - 3 * bounds[1].value > 1.96 * error


def test_parts_add_up_and_say_what_is_wrong():
    wrong, exact = oracle(IsingRing(5, temperature=1.1), FLIPS), oracle(RING, FLIPS)
    bound, parts = bound_parts(AnalyticBridge(8), wrong, RING, N, seed=4)
    total = parts.prior_mismatch + parts.discretisation + parts.learning
    assert total == pytest.approx(bound.value, abs=1e-9)
    assert parts.learning > 0.005
    _, of_exact = bound_parts(AnalyticBridge(8), exact, RING, N, seed=4)
    assert of_exact.learning == 0
    assert 0 < of_exact.prior_mismatch < 0.05
    _, finer = bound_parts(AnalyticBridge(64), exact, RING, N, seed=4)
    assert finer.discretisation < of_exact.discretisation / 4
    low, high = bound.interval
    assert low < bound.value < high


def test_a_step_that_gives_no_chance_to_what_happens_has_no_bound():
    """Euler's probabilities of leaving, cut at one."""
    cold = IsingRing(5, temperature=0.4)
    denoiser = oracle(cold, SpinFlip(5, tolerance=1e-4))
    bound = path_bound(JumpEuler(3, "uniform"), denoiser, cold, 500, torch.Generator())
    assert bound.value == float("inf")


def test_a_learned_score_may_have_a_bound_where_the_exact_one_has_none():
    """Coarse steps of Euler's rule: a warmer law never leaves for certain."""
    cold = IsingRing(5, temperature=0.4)
    warm = oracle(IsingRing(5, temperature=1e6), SpinFlip(5, tolerance=1e-4))
    found = certified_bound(JumpEuler(8, "uniform"), warm, cold, [], 200, seed=0)
    plain = found.as_dict()
    assert plain["value"] > 0 and plain["discretisation"] is plain["learning"] is None
    assert "no finite one with the exact score" in found.lines()[0]


def test_samplers_without_a_law_are_refused():
    exact = oracle(RING, FLIPS)
    with pytest.raises(UserError, match="got AnalyticTrapezoidal, .*use sampler=analytic"):
        relative_entropy(AnalyticTrapezoidal(4), exact, RING)
    with pytest.raises(UserError, match="got 8,192 states, expected at most 4,096: lower dim"):
        generated_law(AnalyticBridge(4), exact, 13)
    with pytest.raises(UserError, match="got AnalyticTrapezoidal, .*use sampler=analytic"):
        path_bound(AnalyticTrapezoidal(4), oracle(RING, FLIPS), RING, 10, torch.Generator())
    with pytest.raises(UserError, match="got n=1 samples"):
        path_bound(AnalyticBridge(4), oracle(RING, FLIPS), RING, 1, torch.Generator())
