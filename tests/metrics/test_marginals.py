import pytest
import torch
from scipy.stats import kstest, norm

from truescore.metrics import MarginalsKS, PerfectSamples
from truescore.metrics.ks import ks_distance

from .conftest import gaussian, spins


def test_reals_agree_with_scipy(generator):
    law = gaussian()
    x = law.sample(1000, generator)
    expected = max(kstest(x[:, i].double().numpy(), norm.cdf).statistic for i in range(law.dim))
    assert float(ks_distance(law, x)) == pytest.approx(expected, rel=1e-12)


def test_ties_count_once():
    """All samples at one point v: the distance is max(F(v), 1 - F(v))."""
    law = gaussian(dim=2)
    x = torch.full((50, 2), 0.3)
    assert float(ks_distance(law, x)) == pytest.approx(norm.cdf(0.3), rel=1e-6)


def test_spins_compare_the_chance_of_down(generator):
    law = spins()
    x = law.sample(1000, generator)
    # F jumps at -1 only, so the distance is the error of P(-1), half that of the mean.
    expected = (x.double().mean(0) - law.mean()).abs().max() / 2
    assert float(ks_distance(law, x)) == pytest.approx(float(expected), rel=1e-9)


def test_many_sets_at_once(generator):
    law = gaussian()
    x = law.sample(60, generator).reshape(3, 2, 10, 5)
    each = torch.stack([torch.stack([ks_distance(law, part) for part in row]) for row in x])
    assert torch.equal(ks_distance(law, x), each)


def test_a_right_covariance_with_wrong_marginals_is_rejected(generator):
    law = gaussian()
    x = law.sample(20_000, generator).sign()
    metric = MarginalsKS(PerfectSamples(law))
    metric.update(x)
    judgement = metric.compute()
    assert judgement.verdict.endswith("x floor")
    assert judgement.debiased is None
    metric.reset()
    metric.update(law.sample(20_000, generator))
    assert metric.compute().verdict == "at floor"
