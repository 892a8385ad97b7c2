"""Laws of samplers of spins by enumeration: against their draws, and in the limit of many steps."""

from functools import partial

import pytest
import torch

from truescore.benchmark import Settings, spins
from truescore.benchmark.quality import allowed
from truescore.denoisers import oracle
from truescore.processes import SpinFlip
from truescore.samplers import AnalyticBridge, AnalyticTrapezoidal, GibbsCorrected, JumpEuler
from truescore.targets import IsingRing

RING = IsingRing(3)
EXACT = oracle(RING, SpinFlip(3, tolerance=1e-9))


def number_of(x):
    return ((x > 0) * torch.tensor([4, 2, 1])).sum(1)


@pytest.mark.parametrize("kind", spins.KINDS)
def test_the_law_is_that_of_the_draws(kind, assert_mean):
    """At a horizon where the prior is exact; all eight states at once."""
    sampler = kind(3)
    law, _ = spins.law_after(sampler, EXACT)
    generator = torch.Generator().manual_seed(0)
    x = sampler.sample(EXACT, 20_000, 3, generator, chunk_size=20_000)
    assert_mean(number_of(x)[:, None] == torch.arange(8), law, slack=1e-6)


@pytest.mark.parametrize("kind", [AnalyticTrapezoidal, JumpEuler, GibbsCorrected])
def test_many_steps_end_in_the_law(kind):
    errors = [
        spins.covariance_error(spins.law_after(kind(n), EXACT)[0], RING) for n in (8, 64, 256)
    ]
    assert errors[2] < errors[0] / 4 and errors[2] < 0.02


def test_the_law_itself_has_no_error():
    law = RING.log_prob(spins.all_states(3)).exp()
    assert spins.covariance_error(law, RING) < 1e-12


def test_heat_bath_leaves_the_noised_law_as_it_is():
    states, t = spins.all_states(3), torch.tensor(0.3, dtype=torch.float64)
    law = EXACT.log_prob(states, t.expand(8)).exp()
    rates = spins.heat_bath_rates(EXACT, states, t)
    assert float(rates.abs().max()) > 0.1
    torch.testing.assert_close(law @ rates, torch.zeros_like(law), atol=1e-13, rtol=0)


def test_the_fewest_steps_are_enough_and_one_less_is_not():
    sampler, evaluations = spins.fewest(AnalyticBridge, EXACT)
    assert evaluations == sampler.steps
    tried = spins.STEPS[spins.STEPS.index(sampler.steps) - 1], sampler.steps
    short, enough = (
        spins.covariance_error(spins.law_after(AnalyticBridge(n), EXACT)[0], RING) for n in tried
    )
    assert enough < allowed(RING) <= short


def test_what_needs_too_many_steps_is_told(monkeypatch):
    monkeypatch.setattr(spins, "STEPS", (2, 4))
    kinds = (JumpEuler, partial(AnalyticBridge, grid="uniform"))
    rows = list(spins.measure(Settings(("sample",)), 3, n=2, kinds=kinds))
    assert [row.note for row in rows[:2]] == ["not reached in 4 steps"] * 2


def test_a_row_for_every_sampler_and_its_rate():
    rows = list(spins.measure(Settings(("sample",)), 3, n=2, kinds=(AnalyticTrapezoidal,)))
    assert [row.unit for row in rows] == ["", "samples/s", "", "", ""]
    assert {row.verdict for row in rows[2:]} == {"not measured"}
