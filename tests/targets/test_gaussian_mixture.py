"""Mixtures of Gaussians against torch's own densities, quadrature and their samples."""

import math

import pytest
import torch

from truescore.errors import UserError
from truescore.targets import GaussianMixture
from truescore.targets.quadrature import panels

WEIGHTS = torch.tensor([1.0, 3.0, 0.5], dtype=torch.float64)
MEANS = torch.tensor([[1.0, 0.5], [-0.5, -1.0], [0.0, 1.5]], dtype=torch.float64)
FACTORS = torch.tensor(
    [[[0.7, 0.0], [0.3, 0.5]], [[0.5, 0.0], [-0.3, 0.6]], [[0.6, 0.0], [0.0, 0.4]]]
).double()
MIXTURE = GaussianMixture(WEIGHTS, MEANS, FACTORS @ FACTORS.mT)


def reference(scale=1.0, noise=0.0):
    """The same law, scaled and blurred, by torch.distributions."""
    eye = torch.eye(2, dtype=torch.float64)
    covariances = scale**2 * FACTORS @ FACTORS.mT + noise**2 * eye
    components = torch.distributions.MultivariateNormal(scale * MEANS, covariances)
    choice = torch.distributions.Categorical(WEIGHTS)
    return torch.distributions.MixtureSameFamily(choice, components)


def plane(n=48):
    """Quadrature points and weights times the density over the plane."""
    nodes, log_weights = panels([-9.0, -2.0, -0.5, 0.5, 2.0, 9.0], n)
    points = torch.cartesian_prod(nodes, nodes)
    log_weight = torch.cartesian_prod(log_weights, log_weights).sum(1)
    return points, (MIXTURE.log_prob(points) + log_weight).exp()


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_density_is_torchs():
    x = 2 * randn(20, 2)
    torch.testing.assert_close(MIXTURE.log_prob(x), reference().log_prob(x), atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("sigma", [0.01, 0.5, 20.0])
def test_evidence_is_the_blurred_density(sigma):
    x_t, alpha = 2 * randn(20, 2), torch.full((20,), 0.6)
    evidence, _ = MIXTURE.gaussian_posterior(x_t, alpha, torch.full((20,), sigma))
    expected = reference(float(alpha[0]), float(torch.tensor(sigma))).log_prob(x_t)
    torch.testing.assert_close(evidence, expected, atol=1e-11, rtol=1e-11)


@pytest.mark.parametrize("sigma", [0.003, 0.2, 1.0, 30.0])
def test_posterior_in_one_dimension_is_its_integral(sigma):
    weights, means = torch.tensor([0.3, 0.7]), torch.tensor([[-1.0], [1.5]])
    law = GaussianMixture(weights, means, torch.tensor([[[0.2]], [[0.6]]]))
    alpha, x_t = 0.8, torch.tensor([[-1.2], [0.1], [1.0]], dtype=torch.float64)
    scale = torch.ones(3, dtype=torch.float64)
    evidence, mean = law.gaussian_posterior(x_t, alpha * scale, sigma * scale)
    for b in range(3):
        centre, reach = float(x_t[b] / alpha), 10 * sigma / alpha
        low, high = max(-9.0, centre - reach), min(9.0, centre + reach)
        nodes, log_weights = panels(torch.linspace(low, high, 9).tolist(), 30)
        residual = (x_t[b] - alpha * nodes) / sigma
        log_joint = law.log_prob(nodes[:, None]) + log_weights - residual**2 / 2
        log_joint -= math.log(sigma * math.sqrt(2 * math.pi))
        assert float(evidence[b]) == pytest.approx(float(log_joint.logsumexp(0)), abs=1e-11)
        assert float(mean[b]) == pytest.approx(float(log_joint.softmax(0) @ nodes), abs=1e-11)


def test_moments_and_marginals_are_integrals():
    points, p = plane()
    assert float(p.sum()) == pytest.approx(1, abs=1e-11)
    mean = p @ points
    deviation = points - mean
    close = {"atol": 1e-10, "rtol": 0}
    torch.testing.assert_close(MIXTURE.mean(), mean, **close)
    covariance = torch.einsum("n,ni,nj->ij", p, deviation, deviation)
    torch.testing.assert_close(MIXTURE.covariance(), covariance, **close)
    fourth = torch.einsum("n,ni,nj->ij", p, deviation**2, deviation**2)
    torch.testing.assert_close(MIXTURE.squared_deviations(), fourth, **close)
    # The panels have edges at these points, so their indicator is integrated exactly.
    for end in (-0.5, 0.5, 2.0):
        below, up_to = MIXTURE.marginal_cdf(torch.full((1, 2), end))
        assert torch.equal(below, up_to)
        expected = p @ (points < end).double()
        torch.testing.assert_close(up_to[0], expected, **close)


def test_marginal_density_is_the_slope_of_its_distribution():
    x, step = torch.linspace(-2, 2, 9, dtype=torch.float64), 1e-3

    def cdf(x):
        return MIXTURE.marginal_cdf(x[:, None].expand(-1, 2))[1]

    near, far = (cdf(x + k * step) - cdf(x - k * step) for k in (1, 2))
    slope = (8 * near - far) / (12 * step)
    density = torch.stack([MIXTURE.marginal(site, x) for site in range(2)], 1)
    torch.testing.assert_close(density, slope, atol=1e-9, rtol=0)


def test_samples_have_its_moments(assert_mean, assert_uniform):
    x = MIXTURE.sample(20_000, torch.Generator().manual_seed(2)).double()
    assert_mean(x, MIXTURE.mean())
    deviation = x - MIXTURE.mean()
    assert_mean(deviation[:, :, None] * deviation[:, None, :], MIXTURE.covariance())
    squares = deviation**2
    assert_mean(squares[:, :, None] * squares[:, None, :], MIXTURE.squared_deviations())
    cdf, _ = MIXTURE.marginal_cdf(x)
    for site in range(2):
        assert_uniform(cdf[:, site])


def test_samples_keep_mean_and_well_together(assert_mean):
    """Each component's points have that component's covariance."""
    far = GaussianMixture(WEIGHTS, 50 * MEANS, FACTORS @ FACTORS.mT)
    x = far.sample(20_000, torch.Generator().manual_seed(3)).double()
    nearest = torch.cdist(x, 50 * MEANS).argmin(1)
    for k in range(3):
        deviation = x[nearest == k] - 50 * MEANS[k]
        assert_mean((nearest == k)[:, None], far.weights[k])
        assert_mean(deviation, 0.0, slack=1e-5)
        assert_mean(deviation[:, :, None] * deviation[:, None, :], (FACTORS @ FACTORS.mT)[k])


def test_same_generator_gives_the_same_samples():
    first, again, other = (MIXTURE.sample(9, torch.Generator().manual_seed(s)) for s in (4, 4, 5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.dtype == torch.float32


@pytest.mark.parametrize(
    ("weights", "means", "covariances", "message"),
    [
        (torch.ones(2), torch.zeros(1, 3), torch.eye(3)[None], r"weights \(2,\)"),
        (torch.ones(1), torch.zeros(1, 3), torch.eye(2)[None], r"covariances \(1, 2, 2\)"),
        (torch.tensor([1.0, 0.0]), torch.zeros(2, 1), torch.ones(2, 1, 1), "not positive: drop"),
        (torch.ones(1), torch.zeros(1, 2), torch.ones(1, 2, 2) - torch.eye(2), "positive definite"),
    ],
)
def test_impossible_mixtures_are_refused(weights, means, covariances, message):
    with pytest.raises(UserError, match=message):
        GaussianMixture(weights, means, covariances)


def test_points_of_another_width_are_refused():
    with pytest.raises(UserError, match=r"expected \(n, 2\)"):
        MIXTURE.log_prob(torch.zeros(1, 3))
