"""Laws made from a few plain values: what those values promise."""

import math

import pytest
import torch

from truescore.errors import UserError
from truescore.targets import (
    CorrelatedGaussian,
    IsotropicGaussian,
    RandomMixture,
    SymmetricMixture,
)

EXACT = {"atol": 1e-12, "rtol": 0}


def test_isotropic_gaussian_has_its_scale():
    law = IsotropicGaussian(5, scale=0.3)
    torch.testing.assert_close(law.mean(), torch.zeros(5).double(), **EXACT)
    torch.testing.assert_close(law.covariance(), 0.09 * torch.eye(5).double(), **EXACT)
    x = torch.linspace(-1, 1, 5, dtype=torch.float64)[None]
    torch.testing.assert_close(law.score(x), -x / 0.09, **EXACT)


def test_the_anticorrelated_gaussian_is_the_one_asked_for():
    law = CorrelatedGaussian()
    expected = torch.tensor([[1.0, -0.7], [-0.7, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(law.covariance(), expected, **EXACT)
    torch.testing.assert_close(law.mean(), torch.zeros(2).double(), **EXACT)
    x = torch.tensor([[0.4, -1.1]], dtype=torch.float64)
    torch.testing.assert_close(law.score(x), -x @ expected.inverse(), **EXACT)


def test_every_pair_of_many_sites_is_correlated():
    covariance = CorrelatedGaussian(6, correlation=-0.19).covariance()
    assert torch.equal(covariance, covariance.mT)
    torch.testing.assert_close(covariance.diagonal(), torch.ones(6).double(), **EXACT)
    off = covariance[~torch.eye(6).bool()]
    torch.testing.assert_close(off, torch.full((30,), -0.19).double(), atol=1e-7, rtol=0)


@pytest.mark.parametrize("n_components", [2, 3, 8])
def test_symmetric_mixture_is_unchanged_by_its_rotation(n_components):
    law = SymmetricMixture(n_components=n_components, radius=1.2, scale=0.4)
    angle = torch.tensor(2 * math.pi / n_components, dtype=torch.float64)
    rotation = torch.stack(
        [torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])]
    )
    x = torch.randn(20, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(law.log_prob(x @ rotation.mT), law.log_prob(x), **EXACT)
    torch.testing.assert_close(law.score(x @ rotation.mT), law.score(x) @ rotation.mT, **EXACT)
    assert float(law.covariance().trace()) == pytest.approx(1.2**2 + 2 * 0.4**2)
    # In the middle of a component the density is its own, as the others are far.
    if n_components == 2:
        own = 1 / (2 * math.pi * 0.4**2) * (1 + math.exp(-(2.4**2) / 2 / 0.4**2)) / 2
        assert float(law.log_prob(torch.tensor([[1.2, 0.0]])).exp()) == pytest.approx(own, rel=1e-6)


def test_random_mixture_depends_on_its_seed_alone():
    before = torch.get_rng_state()
    first, again, other = (RandomMixture(seed=seed) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    assert first.parameters() == again.parameters()
    assert first.parameters() != other.parameters()


def test_random_mixtures_are_drawn_as_said(assert_mean, assert_uniform):
    laws = [RandomMixture(3, 8, spread=2.0, scale=0.5, seed=seed) for seed in range(400)]
    means = torch.cat([law.means for law in laws])
    assert_mean(means, 0.0)
    assert_mean(means[:, :, None] * means[:, None, :], 4.0 * torch.eye(3).double())
    widths = torch.cat([law.spectrum.flatten() for law in laws]) / 0.25
    assert_uniform((widths.log() / math.log(4) + 1) / 2)
    # No direction is preferred: every axis has the mean of 0.25 4^u, and no pair a correlation.
    mean_width = 0.25 * (4 - 1 / 4) / (2 * math.log(4))
    covariances = torch.cat([law.covariances for law in laws])
    assert_mean(covariances, mean_width * torch.eye(3).double())
    weights = torch.stack([law.weights for law in laws])
    assert 3 > float((weights.amax(1) / weights.amin(1)).max()) > 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: IsotropicGaussian(0), "dim=0"),
        (lambda: IsotropicGaussian(2, scale=0.0), "scale=0"),
        (lambda: CorrelatedGaussian(1), "dim=1, expected at least 2"),
        (lambda: CorrelatedGaussian(2, 1.0), r"correlation=1.0, expected inside \(-1, 1\)"),
        (lambda: CorrelatedGaussian(3, -0.7), r"inside \(-0.5, 1\)"),
        (lambda: SymmetricMixture(3), "dim=3, expected 2"),
        (lambda: SymmetricMixture(n_components=1), "n_components=1"),
        (lambda: SymmetricMixture(radius=-1.0), "radius=-1"),
        (lambda: RandomMixture(n_components=0), "n_components=0"),
        (lambda: RandomMixture(spread=0.0), "spread=0"),
    ],
)
def test_impossible_mixtures_are_refused(make, message):
    with pytest.raises(UserError, match=message):
        make()
