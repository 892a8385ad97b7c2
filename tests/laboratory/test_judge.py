"""Moments beside exact ones: p-values that are uniform under the law, and floors that are right."""

import pytest
import torch

from truescore.dynamics import NoisedLaw
from truescore.laboratory.judge import moments, rejected_moments
from truescore.targets import GaussianMixture

COVARIANCES = torch.tensor([[[0.5, 0.2], [0.2, 0.4]], [[0.3, -0.1], [-0.1, 0.6]]]).double()
MEANS = torch.tensor([[1.0, 0.4], [-0.9, -0.6]]).double()
LAW = NoisedLaw(GaussianMixture(torch.tensor([0.4, 0.6]), MEANS, COVARIANCES))
N = 500


@pytest.fixture(scope="module")
def perfect():
    """Judgements of perfect points."""
    generator = torch.Generator().manual_seed(0)
    return [moments(LAW.sample(N, generator), LAW, generator) for _ in range(150)]


@pytest.mark.parametrize("what", ["mean", "covariance"])
def test_p_values_of_perfect_points_are_uniform(perfect, what, assert_uniform):
    assert_uniform(torch.tensor([judged[what]["p_value"] for judged in perfect]))


def test_the_floor_is_the_error_of_perfect_points(perfect):
    """Known in closed form for mean and covariance, to the precision of 20,000 direct samples."""
    trace = float(LAW.covariance().trace())
    spread = float((LAW.target.squared_deviations() - LAW.covariance() ** 2).sum())
    assert perfect[0]["mean"]["floor"] == pytest.approx((trace / N) ** 0.5, rel=0.03)
    assert perfect[0]["covariance"]["floor"] == pytest.approx((spread / N) ** 0.5, rel=0.05)


def test_measured_and_exact_are_what_they_say():
    x = LAW.sample(N, torch.Generator().manual_seed(1))
    judged = moments(x, LAW, torch.Generator().manual_seed(2))
    assert judged["mean"]["measured"] == pytest.approx(x.mean(0).tolist())
    assert judged["mean"]["exact"] == pytest.approx(LAW.mean().tolist())
    error = (x.mean(0) - LAW.mean()).norm()
    assert judged["mean"]["value"] == pytest.approx(float(error))
    # About the measured mean, so that a shift is an error of the mean alone.
    error = (torch.cov(x.mT) - LAW.covariance()).norm()
    assert judged["covariance"]["value"] == pytest.approx(float(error))
    shifted = moments(x + 5, LAW, torch.Generator().manual_seed(2))
    assert shifted["covariance"]["value"] == pytest.approx(float(error))
    assert shifted["mean"]["p_value"] < 1e-9


def test_what_is_off_is_found_and_named():
    x = LAW.sample(N, torch.Generator().manual_seed(3))
    shifted = moments(x + torch.tensor([0.3, 0.0]), LAW, torch.Generator().manual_seed(4))
    wider = moments(1.3 * (x - LAW.mean()) + LAW.mean(), LAW, torch.Generator().manual_seed(4))
    assert shifted["mean"]["p_value"] < 1e-4 and shifted["mean"]["verdict"].endswith("x floor")
    assert wider["mean"]["p_value"] > 1e-3 and wider["covariance"]["p_value"] < 1e-4
    rows = [{"time": 0.5, **moments(x, LAW, torch.Generator().manual_seed(5))}]
    assert rejected_moments(rows) == []
    assert rejected_moments([*rows, {"time": 1.0, **wider}]) == ["covariance at t = 1"]
