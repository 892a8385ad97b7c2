import pytest
import torch

from truescore.errors import UserError
from truescore.metrics import PerfectSamples, evaluate_samples, metric_labels, rejected
from truescore.targets import IsingRing


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
