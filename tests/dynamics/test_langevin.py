"""Langevin dynamics and the probability flow on mixtures whose score is known."""

import pytest
import torch

from truescore.dynamics import (
    EulerMaruyama,
    Heun,
    NoisedLaw,
    OrnsteinUhlenbeck,
    OverdampedLangevin,
    ProbabilityFlow,
    simulate,
)
from truescore.errors import UserError
from truescore.targets import GaussianMixture, IsingRing

MEANS = torch.tensor([[1.0, 0.4], [-0.9, -0.6]], dtype=torch.float64)
COVARIANCES = torch.tensor([[[0.5, 0.2], [0.2, 0.4]], [[0.3, -0.1], [-0.1, 0.6]]]).double()
MIXTURE = GaussianMixture(torch.tensor([0.4, 0.6]), MEANS, COVARIANCES)
POINTS = torch.randn(6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("alpha", "sigma"), [(1.0, 0.0), (0.7, 0.3), (0.1, 2.0)])
def test_score_is_the_slope_of_the_density(alpha, sigma):
    """By finite differences of the mixture that is scaled and blurred by hand."""
    eye = torch.eye(2, dtype=torch.float64)
    blurred = GaussianMixture(
        MIXTURE.weights, alpha * MEANS, alpha**2 * COVARIANCES + sigma**2 * eye
    )
    law, h = NoisedLaw(MIXTURE, alpha, sigma), 1e-4
    slope = [
        (blurred.log_prob(POINTS + h * e) - blurred.log_prob(POINTS - h * e)) / (2 * h) for e in eye
    ]
    got = law.score(POINTS)
    torch.testing.assert_close(got, torch.stack(slope, 1), atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(law.log_prob(POINTS), blurred.log_prob(POINTS))
    torch.testing.assert_close(law.mean(), blurred.mean())
    torch.testing.assert_close(law.covariance(), blurred.covariance())


def test_points_keep_their_precision():
    assert NoisedLaw(MIXTURE).score(POINTS.float()).dtype == torch.float32
    assert NoisedLaw(MIXTURE, 0.5, 0.5).score(POINTS.float()).dtype == torch.float32


def test_a_law_without_a_score_is_told():
    class Scoreless:
        state_space = "real"

    with pytest.raises(UserError, match="got Scoreless, which has no score, expected a method"):
        NoisedLaw(Scoreless()).score(POINTS)


def test_langevin_keeps_its_law(assert_mean, assert_uniform):
    """From exact samples, moments and both marginals stay, whatever the pace."""
    generator = torch.Generator().manual_seed(1)
    x_0 = MIXTURE.sample(20_000, generator).double()
    times = torch.linspace(0, 0.5, 41, dtype=torch.float64)
    x = simulate(OverdampedLangevin(MIXTURE, 1.4), Heun(), x_0, times, generator)
    assert float((x - x_0).norm(dim=1).mean()) > 0.5
    deviation = x - MIXTURE.mean()
    assert_mean(x, MIXTURE.mean())
    assert_mean(deviation[:, :, None] * deviation[:, None, :], MIXTURE.covariance(), slack=0.005)
    below, _ = MIXTURE.marginal_cdf(x)
    for site in range(2):
        assert_uniform(below[:, site])


def test_langevin_carries_any_start_to_its_law(assert_mean):
    generator = torch.Generator().manual_seed(2)
    x_0 = 3 * torch.randn(5_000, 2, dtype=torch.float64, generator=generator)
    times = torch.linspace(0, 15, 301, dtype=torch.float64)
    x = simulate(OverdampedLangevin(MIXTURE, 1.0), EulerMaruyama(), x_0, times, generator)
    assert_mean(x, MIXTURE.mean(), slack=0.01)
    deviation = x - MIXTURE.mean()
    # Euler-Maruyama widens a Gaussian of variance l by a factor 1/(1 - dt/(4 l)).
    assert_mean(deviation[:, :, None] * deviation[:, None, :], MIXTURE.covariance(), slack=0.03)


def test_the_flow_has_the_law_of_the_sde_at_every_time(assert_mean):
    x_0 = MIXTURE.sample(10_000, torch.Generator().manual_seed(3)).double()
    flow = ProbabilityFlow(MIXTURE, theta=1.0, sigma=1.2)
    times = torch.linspace(0, 1, 31, dtype=torch.float64)
    path = simulate(flow, Heun(), x_0, times, keep_trajectory=True)
    for k in (10, 20, 30):
        law = OrnsteinUhlenbeck(1.0, 1.2).carried(MIXTURE, float(times[k]))
        deviation = path[k] - law.mean()
        assert_mean(deviation, 0.0, slack=1e-3)
        assert_mean(deviation[:, :, None] * deviation[:, None, :], law.covariance(), slack=3e-3)


def test_the_flow_of_a_gaussian_is_linear():
    """x_t = x_0 sqrt(variance_t / variance_0) in the eigenbasis: closed form."""
    variance = torch.tensor([0.3, 2.5], dtype=torch.float64)
    law = GaussianMixture(torch.ones(1), torch.zeros(1, 2), variance.diag()[None])
    flow = ProbabilityFlow(law, theta=0.8, sigma=1.1)
    times = torch.linspace(0, 1, 401, dtype=torch.float64)
    end = simulate(flow, Heun(), POINTS, times)
    decay, spread = flow.sde.transition(1.0)
    exact = POINTS * ((decay**2 * variance + spread**2) / variance).sqrt()
    torch.testing.assert_close(end, exact, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "make",
    [lambda: OverdampedLangevin(IsingRing(4), 1.0), lambda: ProbabilityFlow(IsingRing(4), 1, 1)],
)
def test_spins_have_no_gradient(make):
    with pytest.raises(UserError, match="got IsingRing, a law of spins, expected one of reals"):
        make()


def test_direct_samples_of_a_noised_law_have_its_moments(assert_mean):
    law = NoisedLaw(MIXTURE, 0.6, 0.8)
    deviation = law.sample(20_000, torch.Generator().manual_seed(4)) - law.mean()
    assert_mean(deviation, 0.0, slack=1e-6)
    assert_mean(deviation[:, :, None] * deviation[:, None, :], law.covariance(), slack=1e-6)


@pytest.mark.parametrize(("alpha", "sigma"), [(0.5, 0.0), (1.0, -0.1)])
def test_a_law_shrunk_without_noise_is_refused(alpha, sigma):
    with pytest.raises(UserError, match=f"got alpha={alpha:g}, sigma={sigma:g}"):
        NoisedLaw(MIXTURE, alpha, sigma)
