"""What every law of reals in a few dimensions promises, whatever it is."""

import pytest
import torch

from truescore.targets import (
    CorrelatedGaussian,
    FourWell,
    IsotropicGaussian,
    KernelMixture,
    RandomMixture,
    SwissRoll,
    SymmetricMixture,
)

DATA = torch.randn(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
LAWS = [
    FourWell(),
    SwissRoll(),
    KernelMixture(DATA, 0.2),
    IsotropicGaussian(2, 0.7),
    CorrelatedGaussian(),
    SymmetricMixture(),
    RandomMixture(),
]
pytestmark = pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)


def draw(law, n, seed=2):
    return law.sample(n, torch.Generator().manual_seed(seed)).double()


def gradient(f, x, step=1e-3):
    """Central differences of the sixth order of f: (n, d) -> (n,)."""
    columns = []
    for i in range(x.shape[1]):
        shift = torch.zeros_like(x)
        shift[:, i] = step
        one, two, three = ((f(x + k * shift) - f(x - k * shift)) / (2 * step) for k in (1, 2, 3))
        columns.append(1.5 * one - 0.3 * two + three / 30)
    return torch.stack(columns, 1)


def test_score_is_the_gradient_of_log_p_and_of_the_energy(law):
    x = draw(law, 20)
    score = law.score(x)
    torch.testing.assert_close(score, gradient(law.log_prob, x), atol=2e-8, rtol=1e-8)
    force = -gradient(law.energy, x) / law.temperature
    torch.testing.assert_close(score, force, atol=2e-8, rtol=1e-8)


@pytest.mark.parametrize("sigma", [0.03, 0.3, 3.0])
def test_tweedies_formula_joins_evidence_and_posterior_mean(law, sigma):
    alpha = 0.8
    x_t = alpha * draw(law, 20)
    x_t += sigma * torch.randn(x_t.shape, generator=torch.Generator().manual_seed(3)).double()
    one = torch.ones(20, dtype=torch.float64)
    scales = alpha * one, sigma * one
    _, mean = law.gaussian_posterior(x_t, *scales)
    slope = gradient(lambda y: law.gaussian_posterior(y, *scales)[0], x_t, step=sigma / 100)
    expected = (x_t + sigma**2 * slope) / alpha
    torch.testing.assert_close(mean, expected, atol=1e-9, rtol=0)


def test_noise_of_either_extreme_gives_the_law_or_the_point(law):
    x = draw(law, 10)
    one = torch.ones(10, dtype=torch.float64)
    evidence, mean = law.gaussian_posterior(x, one, 1e-9 * one)
    torch.testing.assert_close(mean, x, atol=1e-15, rtol=0)
    torch.testing.assert_close(evidence, law.log_prob(x), atol=1e-11, rtol=0)
    _, mean = law.gaussian_posterior(x, one, 1e9 * one)
    torch.testing.assert_close(mean, law.mean().expand(10, law.dim), atol=1e-13, rtol=0)


def test_samples_follow_the_law(law, assert_mean, assert_uniform):
    x = draw(law, 20_000)
    deviation = x - law.mean()
    assert_mean(deviation, 0.0)
    assert_mean(deviation[:, :, None] * deviation[:, None, :], law.covariance())
    squares = deviation**2
    assert_mean(squares[:, :, None] * squares[:, None, :], law.squared_deviations())
    below, up_to = law.marginal_cdf(x)
    assert torch.equal(below, up_to)
    for site in range(law.dim):
        assert_uniform(below[:, site])


def test_marginals_are_slopes_of_their_distributions(law):
    x = torch.linspace(-1.2, 1.2, 31, dtype=torch.float64)
    for site in range(law.dim):

        def cdf(y, site=site):
            return law.marginal_cdf(y.expand(-1, law.dim))[1][:, site]

        slope = gradient(cdf, x[:, None], step=2e-3)[:, 0]
        torch.testing.assert_close(law.marginal(site, x), slope, atol=3e-7, rtol=1e-7)


def test_samples_depend_on_the_generator_alone(law):
    before = torch.get_rng_state()
    first, again, other = (
        law.sample(50, torch.Generator().manual_seed(seed)) for seed in (8, 8, 9)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)
    assert first.dtype == torch.float32 and first.shape == (50, law.dim)


def test_observables_know_the_scatter_of_samples(law, assert_mean):
    """n E|average - exact|^2 is the variance stated, seen on single samples."""
    x = law.sample(20_000, torch.Generator().manual_seed(10))
    for observable in law.observables():
        error = observable.average(x[:, None]) - observable.exact
        # A bin that expects fewer than 14 points stays empty once in 10^6, without a scatter.
        empty = 14 / (2 * len(x)) if observable.name == "histogram" else 0.0
        assert_mean(error, 0.0, slack=empty)
        if observable.variance is not None:
            assert_mean((error**2).sum(-1), observable.variance)
