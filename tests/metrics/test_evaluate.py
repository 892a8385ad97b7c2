import pytest
import torch

from truescore.errors import UserError
from truescore.metrics import PerfectSamples, evaluate_samples, metric_labels, rejected
from truescore.targets import IsingRing, PottsRing


@pytest.fixture
def perfect():
    return PerfectSamples(IsingRing(8))


def test_every_observable_and_the_marginals_are_judged(perfect, generator):
    judgements = evaluate_samples(perfect, perfect.target.sample(2000, generator))
    assert list(judgements) == [*(o.name for o in perfect.observables), "marginals_ks"]
    assert set(judgements) < set(metric_labels(perfect))
    assert rejected(judgements) == []


def test_perfect_samples_are_rarely_rejected(perfect, generator):
    """At family level 1% and with 1000 null draws: 12 or more of 50 have a chance of 1.4e-7."""
    sets = perfect.target.sample(50 * 500, generator).reshape(50, 500, -1)
    assert sum(bool(rejected(evaluate_samples(perfect, x))) for x in sets) <= 11


def test_a_weaker_coupling_is_rejected_by_its_physics(perfect, generator):
    x = IsingRing(8, coupling=0.9).sample(20_000, generator)
    wrong = rejected(evaluate_samples(perfect, x))
    assert {"cov_frobenius", "energy_per_site", "two_point_function", "kink_density"} <= set(wrong)
    assert "marginals_ks" not in wrong


def test_samples_are_not_changed(perfect, generator):
    x = perfect.target.sample(100, generator)
    before = x.clone()
    evaluate_samples(perfect, x)
    assert torch.equal(x, before)


def test_nan_is_refused(perfect):
    with pytest.raises(UserError, match="NaN"):
        evaluate_samples(perfect, torch.full((100, 8), torch.nan))


def test_perfect_samples_of_states_are_at_the_floor_and_a_wrong_coupling_is_not():
    law = PottsRing(6, n_states=4)
    perfect = PerfectSamples(law, n_null=600)
    found = evaluate_samples(perfect, law.sample(2000, torch.Generator().manual_seed(3)))
    assert {j.verdict for j in found.values()} == {"at floor"}
    wrong = PottsRing(6, n_states=4, temperature=1.2)
    found = evaluate_samples(perfect, wrong.sample(2000, torch.Generator().manual_seed(4)))
    seen = {"agreement", "cov_frobenius", "domain_lengths", "energy_per_site"}
    assert set(rejected(found)) == seen


@pytest.mark.parametrize("value", [-1.0, 4.0, 0.5])
def test_what_is_no_state_is_refused(value):
    x = torch.zeros(30, 6)
    x[3, 2] = value
    with pytest.raises(UserError, match="got 1 entries that are not states, expected 0 to 3"):
        evaluate_samples(PerfectSamples(PottsRing(6, n_states=4), n_null=100), x)
