"""Mixtures with one covariance: likelihood, symmetries, moments, and what is refused."""

import pytest
import torch

from truescore.errors import UserError
from truescore.targets import GaussianMixture
from truescore.targets.fitted import fit_two_wells
from truescore.targets.fitted_mixture import fit_mixture

WITHIN = torch.tensor([[0.3, 0.1, 0.0], [0.1, 0.4, -0.1], [0.0, -0.1, 0.2]], dtype=torch.float64)
MEANS = torch.tensor([[3.0, 3.0, 3.0], [3.0, -1.0, -3.0], [-4.0, 0.0, 2.0]], dtype=torch.float64)
WEIGHTS = torch.tensor([0.7, 0.27, 0.03], dtype=torch.float64)
MIXTURE = GaussianMixture(WEIGHTS, MEANS, WITHIN.expand(3, 3, 3))


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


def fit(x, n_means=3, odd=False, reflection=False):
    return fit_mixture(x, n_means, generator(), odd, reflection)


def test_components_are_recovered_the_rare_one_too(assert_mean):
    """Mean over replicates, whose components are told apart by their weights."""
    means, weights = [], []
    for seed in range(20):
        law = fit(MIXTURE.sample(3000, generator(seed)))
        order = law.weights.argsort(descending=True)
        means.append(law.means[order])
        weights.append(law.weights[order])
    assert_mean(torch.stack(means), MEANS, slack=3e-3)
    assert_mean(torch.stack(weights), WEIGHTS, slack=1e-3)


def test_second_moments_are_the_datas():
    x = MIXTURE.sample(2000, generator()).double()
    law = fit(x)
    mean = law.mean()
    torch.testing.assert_close(law.covariance() + mean.outer(mean), x.mT @ x / len(x))


def test_one_odd_pair_is_two_wells():
    wells = GaussianMixture(
        torch.ones(2), torch.stack([MEANS[1], -MEANS[1]]), WITHIN.expand(2, 3, 3)
    )
    x = wells.sample(2000, generator())
    law, expected = fit(x, 1, odd=True), fit_two_wells(x)
    sign = (law.means[0] @ expected.means[0]).sign()
    torch.testing.assert_close(sign * law.means, expected.means, atol=1e-5, rtol=0)
    torch.testing.assert_close(law.covariances, expected.covariances, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("odd", "reflection"), [(True, False), (False, True), (True, True)])
def test_the_law_has_the_symmetries_asked_for(odd, reflection):
    x = MIXTURE.sample(2000, generator())
    law, image = fit(x, 4, odd, reflection), x
    assert len(law.weights) <= 4 * (1 + odd) * (1 + reflection)
    image = -image if odd else image
    image = image.flip(1) if reflection else image
    torch.testing.assert_close(law.log_prob(image), law.log_prob(x))


def test_more_means_are_likelier():
    x = MIXTURE.sample(4000, generator())
    fresh = MIXTURE.sample(4000, generator(2))
    likelihoods = [float(fit(x, k).log_prob(fresh).mean()) for k in (1, 2, 3)]
    assert likelihoods[0] < likelihoods[1] < likelihoods[2]
    assert likelihoods[2] == pytest.approx(float(MIXTURE.log_prob(fresh).mean()), abs=0.02)


def test_same_generator_gives_the_same_bits():
    x = MIXTURE.sample(1000, generator())
    assert torch.equal(fit(x).means, fit(x).means)


@pytest.mark.parametrize(("n", "n_means"), [(3, 1), (5, 5)])
def test_too_few_samples_are_refused(n, n_means):
    with pytest.raises(UserError, match=f"n_train={n} samples for {n_means} means.*raise"):
        fit(MIXTURE.sample(n, generator()), n_means)
