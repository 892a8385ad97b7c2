import math

import pytest
import torch
from scipy.stats import energy_distance

from truescore.errors import UserError
from truescore.metrics.distances import EnergyDistance, MeanDiscrepancy
from truescore.targets import GaussianMixture, IndependentSpins

from ..conftest import gaussian, spins


def normal(n, dim, generator):
    return torch.randn(n, dim, dtype=torch.float64, generator=generator)


def gaussian_mmd(distance, dim, shift):
    """MMD^2 of N(0, I) and N(m, I): E k(X, Y) = (1 + 2/b^2)^(-d/2) exp(-|m|^2 / (2 (b^2 + 2)))."""
    b = distance.bandwidth**2
    same = (1 + 2 / b) ** (-dim / 2)
    return 2 * same * (1 - math.exp(-dim * shift**2 / (2 * (b + 2))))


@pytest.fixture
def standard():
    return GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.eye(2)[None])


@pytest.mark.parametrize(("n", "m"), [(60, 60), (60, 35)])
def test_energy_distance_agrees_with_scipy(n, m, generator):
    x, y = normal(n, 1, generator), 0.5 * normal(m, 1, generator) + 0.3
    expected = energy_distance(x[:, 0].numpy(), y[:, 0].numpy())
    assert EnergyDistance(gaussian(dim=1))(x, y) == pytest.approx(expected, rel=1e-6)


def test_blocks_change_nothing(monkeypatch, generator, standard):
    x, y = normal(90, 2, generator), normal(70, 2, generator)
    for distance in (EnergyDistance(standard), MeanDiscrepancy(standard)):
        whole = distance(x, y), *distance.own_error(x, y)
        with monkeypatch.context() as patch:
            patch.setattr("truescore.metrics.distances.embedding.ENTRIES", 500)
            cut = distance(x, y), *distance.own_error(x, y)
        assert cut[0] == pytest.approx(whole[0], rel=1e-6)
        assert cut[1] == pytest.approx(whole[1], rel=1e-6)
        assert cut[2] == pytest.approx(whole[2], rel=1e-4)


@pytest.mark.parametrize("shift", [0.0, 0.4])
def test_mmd_is_unbiased(shift, assert_mean, generator, standard):
    distance = MeanDiscrepancy(standard)
    x = normal(2000 * 20, 2, generator).reshape(2000, 20, 2)
    y = normal(2000 * 15, 2, generator).reshape(2000, 15, 2) + shift
    squares = [distance.unbiased_square(a, b) for a, b in zip(x, y, strict=True)]
    assert_mean(torch.tensor(squares), gaussian_mmd(distance, 2, shift))


@pytest.mark.parametrize("shift", [0.0, 0.4])
def test_energy_distance_is_unbiased(shift, assert_mean, generator):
    """On the line E|N(m, 2)| = 2 exp(-m^2/4)/sqrt(pi) + m erf(m/2)."""
    distance = EnergyDistance(gaussian(dim=1))
    x = normal(2000 * 20, 1, generator).reshape(2000, 20, 1)
    y = normal(2000 * 15, 1, generator).reshape(2000, 15, 1) + shift

    def mean_gap(m):
        return 2 * math.exp(-(m**2) / 4) / math.sqrt(math.pi) + m * math.erf(m / 2)

    squares = [distance.unbiased_square(a, b) for a, b in zip(x, y, strict=True)]
    assert_mean(torch.tensor(squares), 2 * (mean_gap(shift) - mean_gap(0)))


@pytest.mark.parametrize("shift", [0.0, 0.15, 0.6])
def test_the_interval_holds_the_true_distance(shift, generator, standard):
    """With a coverage of 94%, 200 trials fall to 82% or less with a chance under 1e-8."""
    distance = MeanDiscrepancy(standard)
    true = math.sqrt(gaussian_mmd(distance, 2, shift))
    hits = 0
    for _ in range(200):
        x, y = normal(100, 2, generator) + shift, normal(100, 2, generator)
        _, (low, high) = distance.own_error(x, y)
        hits += low <= true <= high
    assert hits / 200 > 0.82


def test_the_bandwidth_is_the_median_distance_of_the_law(generator):
    """|X - X'|^2 / 2 is chi^2 with d degrees: the median is known."""
    law = GaussianMixture(torch.ones(1), torch.zeros(1, 4), torch.eye(4)[None])
    expected = math.sqrt(2 * 3.3566939800333233)
    assert MeanDiscrepancy(law).bandwidth == pytest.approx(expected, rel=0.05)


def test_energy_distance_of_spins_sees_more_than_means(generator):
    """Two spins, aligned or against each other: all means are zero."""
    aligned = torch.tensor([[1.0, 1.0], [-1.0, -1.0]]).double()
    against = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).double()
    # E|X - Y| = 2, E|X - X'| = E|Y - Y'| = sqrt(8)/2.
    expected = math.sqrt(2 * 2 - 2 * math.sqrt(8) / 2)
    assert EnergyDistance(spins())(aligned, against) == pytest.approx(expected, rel=1e-12)


def test_a_law_without_a_scale_is_refused():
    still = IndependentSpins(torch.full((3,), 0.999, dtype=torch.float64))
    with pytest.raises(UserError, match="expected a law with a scale for mmd"):
        MeanDiscrepancy(still)
