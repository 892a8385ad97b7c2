"""Ladders: what is wrong on purpose shows in its own part alone, by its exact amount."""

import pytest
import torch

from truescore.budget import measure
from truescore.errors import UserError
from truescore.metrics.verdict import AT_FLOOR
from truescore.processes import SpinFlip, VarianceExploding, VariancePreserving
from truescore.samplers import DDIM, EDM, AnalyticBridge, AnalyticTrapezoidal, Gibbs, Heun
from truescore.targets import GrayCode

from .gaussian import LAW, RING, run_on


def budget_of(target, process, sampler, n=1000, fine_steps=16):
    return measure(run_on(target, process, sampler), n, fine_steps=fine_steps, train=False)


def parts(budget, name="cov_frobenius"):
    letters = [letter for letter, _ in budget.rungs[1:]]
    return dict(zip(letters, budget.splits[name].parts, strict=True))


def test_a_good_run_of_reals_is_at_its_floor_on_every_rung():
    budget = budget_of(LAW, VariancePreserving(), Heun(8))
    assert [letter for letter, _ in budget.rungs] == ["A", "B", "C", "D", "EF"]
    for judged in budget.judgements:
        assert judged["cov_frobenius"].verdict == AT_FLOOR
    found = parts(budget)
    assert found["EF"].value == 0  # the network is the oracle, on the same noise
    assert max(abs(found[letter].value) for letter in "CD") < 1e-3


def test_a_bad_prior_shows_in_b_alone():
    """Heun's rule is exact for a Gaussian, so the flow squeezes variance l to l s^2/(l + s^2)."""
    process = VarianceExploding(sigma_min=0.01, sigma_max=3.0)
    budget = budget_of(LAW, process, Heun(16, prior="standard"))
    assert budget.judgements[0]["cov_frobenius"].verdict == AT_FLOOR
    spectrum = torch.linalg.eigvalsh(LAW.covariance())
    variance = float(process.sigma(torch.tensor(1.0).double())) ** 2
    exact = float((spectrum**2 / (spectrum + variance)).norm())
    found = parts(budget)
    assert found["B"].low < exact < found["B"].high and found["B"].seen
    assert max(abs(found[letter].value) for letter in ("C", "D", "EF")) < exact / 50


def test_few_steps_show_in_c_alone():
    budget = budget_of(LAW, VariancePreserving(), DDIM(3, "log_snr"))
    found = parts(budget)
    assert found["C"].seen and found["C"].value > 0.05
    assert max(abs(found[letter].value) for letter in ("B", "D", "EF")) < found["C"].value / 50


def test_an_early_end_shows_in_d_alone():
    """Half the way to the posterior mean leaves ((1 + l/(l + r^2))/2)^2 (l + r^2) of l."""
    process = VariancePreserving(t_min=0.2)
    budget = budget_of(LAW, process, EDM(64, churn=0.0))
    t = torch.tensor(0.2).double()
    noise = float(process.sigma(t) / process.alpha(t)) ** 2
    spectrum = torch.linalg.eigvalsh(LAW.covariance())
    left = ((1 + spectrum / (spectrum + noise)) / 2) ** 2 * (spectrum + noise)
    exact = float((left - spectrum).norm())
    found = parts(budget)
    assert found["D"].low < exact < found["D"].high and found["D"].seen
    assert max(abs(found[letter].value) for letter in ("B", "C", "EF")) < exact / 10


SPINS = {
    "B": (SpinFlip(6, tolerance=3.0), AnalyticTrapezoidal(16)),
    "C": (SpinFlip(6), AnalyticBridge(2)),
    "D": (SpinFlip(6, t_min=0.4), AnalyticTrapezoidal(16)),
}


@pytest.mark.parametrize("wrong", SPINS)
def test_of_spins_each_shows_in_its_part_alone(wrong):
    """With energies off by 0.01 to 0.3 per site, others by less than noise shows: 3.5 sigma."""
    process, sampler = SPINS[wrong]
    budget = budget_of(RING, process, sampler, n=1500, fine_steps=32)
    assert budget.judgements[0]["energy_per_site"].verdict == AT_FLOOR
    found = parts(budget, "energy_per_site")
    assert found[wrong].seen
    for letter in set("BCD") - {wrong}:
        noise = (found[letter].high - found[letter].low) / 3.92
        assert abs(found[letter].value) < max(3.5 * noise, abs(found[wrong].value) / 20)
    assert found["EF"].value == 0


def test_equal_seeds_give_equal_budgets():
    first, again = (budget_of(RING, SpinFlip(6), AnalyticBridge(4), 200, 8) for _ in range(2))
    assert first.as_dict() == again.as_dict()


def test_runs_without_a_ladder_are_refused():
    with pytest.raises(UserError, match="no noise levels"):
        budget_of(RING, SpinFlip(6), Gibbs())
    with pytest.raises(UserError, match="at least 20 and 2"):
        budget_of(RING, SpinFlip(6), AnalyticBridge(4), n=10)
    codes = object.__new__(GrayCode)
    from truescore.budget.ladder import check_law

    with pytest.raises(UserError, match="GrayCode, whose exact score is not known"):
        check_law(codes)
