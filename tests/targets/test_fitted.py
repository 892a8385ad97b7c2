"""Fitted laws: they recover what they were fitted to, and no law near them is likelier."""

import math

import pytest
import torch

from truescore.errors import UserError
from truescore.targets import GaussianMixture, IndependentSpins, IsingRing
from truescore.targets.fitted import (
    fit_coupling,
    fit_gaussian,
    fit_independent_spins,
    fit_two_wells,
)

SCALE = torch.tensor([[0.8, 0.0, 0.0], [0.3, 0.6, 0.0], [0.1, -0.2, 0.5]], dtype=torch.float64)
WELL = torch.tensor([1.0, 1.4, 0.9], dtype=torch.float64)


def two_wells(mean=WELL, within=SCALE @ SCALE.T):
    return GaussianMixture(torch.ones(2), torch.stack([mean, -mean]), within.expand(2, 3, 3))


def samples(law, n, seed=1):
    return law.sample(n, torch.Generator().manual_seed(seed))


def test_gaussian_has_the_datas_moments():
    x = samples(two_wells(), 500)
    law = fit_gaussian(x)
    expected = torch.cov(x.double().T, correction=0)
    torch.testing.assert_close(law.mean(), x.double().mean(0), atol=1e-12, rtol=0)
    torch.testing.assert_close(law.covariance(), expected, atol=1e-12, rtol=0)


def test_two_wells_are_recovered(assert_mean):
    """The mean over replicates of well and covariance, whose bias is of order 1/n."""
    wells, within = [], []
    for seed in range(30):
        law = fit_two_wells(samples(two_wells(), 2000, seed))
        sign = (law.means[0] @ WELL).sign()
        wells.append(sign * law.means[0])
        within.append(law.covariances[0])
        torch.testing.assert_close(law.means[1], -law.means[0])
        torch.testing.assert_close(law.weights, torch.full((2,), 0.5, dtype=torch.float64))
    assert_mean(torch.stack(wells), WELL, slack=2e-3)
    assert_mean(torch.stack(within), SCALE @ SCALE.T, slack=2e-3)
    assert float(torch.stack(wells).std(0).max()) < 0.1


def test_two_wells_are_the_likeliest_of_their_family():
    x = samples(two_wells(), 1000)
    law = fit_two_wells(x)
    best = float(law.log_prob(x).sum())
    assert best > float(two_wells().log_prob(x).sum())
    assert best > float(fit_gaussian(x).log_prob(x).sum()) + 10
    generator = torch.Generator().manual_seed(2)
    for _ in range(20):
        move = 0.01 * torch.randn(3, dtype=torch.float64, generator=generator)
        stretch = 0.01 * torch.randn(3, 3, dtype=torch.float64, generator=generator)
        stretch += torch.eye(3)
        near = two_wells(law.means[0] + move, stretch @ law.covariances[0] @ stretch.T)
        assert float(near.log_prob(x).sum()) < best


def test_second_moments_of_two_wells_are_the_datas():
    x = samples(two_wells(), 1000).double()
    law = fit_two_wells(x)
    torch.testing.assert_close(law.covariance(), x.T @ x / 1000, atol=1e-12, rtol=0)


def test_one_well_needs_no_two():
    """On Gaussian data the wells draw together and the law is still the data's."""
    x = samples(GaussianMixture(torch.ones(1), 0 * WELL[None], (SCALE @ SCALE.T)[None]), 4000)
    law = fit_two_wells(x)
    x = x.double()
    torch.testing.assert_close(law.covariance(), x.T @ x / 4000, atol=1e-12, rtol=0)
    excess = float(law.log_prob(x).mean() - fit_gaussian(x).log_prob(x).mean())
    assert abs(excess) < 5e-3


def test_independent_spins_have_the_datas_means():
    truth = IndependentSpins(torch.tensor([0.8, -0.3, 0.0, 0.5]))
    x = samples(truth, 4000)
    law = fit_independent_spins(x)
    # Shrunk by one part in n, so that a column of equal spins has a law too.
    torch.testing.assert_close(law.mean(), x.double().mean(0), atol=3e-4, rtol=0)
    error = (1 - truth.mean() ** 2).sqrt() / 4000**0.5
    assert ((law.mean() - truth.mean()).abs() < 6.5 * error + 3e-4).all()


@pytest.mark.parametrize(
    ("dim", "coupling"), [(8, 0.5), (33, 1.0), (64, 1.0), (16, -0.7), (9, -0.7), (8, 0.0)]
)
def test_coupling_is_recovered(dim, coupling):
    x = samples(IsingRing(dim, coupling), 4000)
    law = fit_coupling(x)
    assert law.dim == dim
    bonds = (x * x.roll(-1, 1)).double().mean(1)
    nearest = float(law.covariance()[0, 1])
    assert nearest == pytest.approx(float(bonds.mean()), abs=1e-4)

    # Delta method: the error of the mean bond over its derivative with respect to the coupling.
    def mean_bond(j):
        return float(IsingRing(dim, j).covariance()[0, 1])

    slope = (mean_bond(coupling + 1e-4) - mean_bond(coupling - 1e-4)) / 2e-4
    error = float(bonds.std()) / math.sqrt(4000) / slope
    assert abs(law.coupling - coupling) < 6.5 * error + 1e-4 / slope


@pytest.mark.parametrize("dim", [8, 9])
def test_frozen_data_have_finite_laws(dim):
    """Spins all equal, or alternating: the likeliest coupling is infinite, the fitted one not."""
    equal = torch.ones(100, dim)
    alternating = torch.ones(100, dim)
    alternating[:, ::2] = -1
    for x, sign in ((equal, 1), (alternating, -1)):
        law = fit_coupling(x)
        assert math.isfinite(law.coupling)
        assert sign * law.coupling > 1
        assert fit_independent_spins(x).log_prob(x).isfinite().all()


@pytest.mark.parametrize("fit", [fit_gaussian, fit_two_wells])
def test_too_few_samples_are_refused(fit):
    with pytest.raises(UserError, match="n_train=3 samples in 3 dimensions"):
        fit(torch.randn(3, 3, generator=torch.Generator().manual_seed(3)))
