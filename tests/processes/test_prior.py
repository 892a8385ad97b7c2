"""The distance of p_T from its prior, against quadrature and against what it promises."""

import math
from functools import partial

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from truescore.errors import UserError
from truescore.processes import (
    EDM,
    CosineVariancePreserving,
    RectifiedFlow,
    SubVariancePreserving,
    Trigonometric,
    VarianceExploding,
    VariancePreserving,
    gaussian_prior_kl,
    sufficient_noise,
)
from truescore.processes.prior import total_second_moment

KINDS = [
    VariancePreserving,
    CosineVariancePreserving,
    SubVariancePreserving,
    VarianceExploding,
    EDM,
    RectifiedFlow,
    Trigonometric,
]
PRIORS = ["noise", "second_moments"]
MEAN = torch.tensor([1.0, -0.5, 2.0], dtype=torch.float64)
COVARIANCE = torch.tensor([[1.5, 0.9, 0.0], [0.9, 0.8, 0.1], [0.0, 0.1, 4.0]], dtype=torch.float64)
EYE = torch.eye(3, dtype=torch.float64)


def times(process, n=5):
    return torch.linspace(0.05, 1, n, dtype=torch.float64) * process.horizon


def prior_variance(process, t, second_moment, prior):
    alpha = process.alpha(t) if prior == "second_moments" else 0
    return alpha**2 * second_moment + process.sigma(t) ** 2


def integral(log_p, log_q, x):
    """KL of two densities on an even grid, by the trapezoidal rule."""
    p = log_p.exp()
    assert float(torch.trapezoid(p, x)) == pytest.approx(1, abs=1e-10)
    return float(torch.trapezoid(p * (log_p - log_q), x))


def log_normal(x, mean, variance):
    return -((x - mean) ** 2) / (2 * variance) - (2 * torch.pi * variance).log() / 2


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("kind", KINDS)
def test_in_one_dimension_it_is_its_integral(kind, prior):
    process, mean, variance = kind(), 0.75, 2.5
    t = times(process)
    kl = gaussian_prior_kl(process, torch.tensor([mean]), torch.tensor([[variance]]), t, prior)
    for i, at in enumerate(t):
        alpha, sigma = process.alpha(at), process.sigma(at)
        centre, spread = alpha * mean, alpha**2 * variance + sigma**2
        x = centre + spread.sqrt() * torch.linspace(-12, 12, 4001, dtype=torch.float64)
        width = prior_variance(process, at, variance + mean**2, prior)
        exact = integral(log_normal(x, centre, spread), log_normal(x, 0, width), x)
        assert float(kl[i]) == pytest.approx(exact, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("prior", PRIORS)
def test_in_three_dimensions_it_is_that_of_the_two_gaussians(prior):
    process = VariancePreserving()
    t = times(process)
    kl = gaussian_prior_kl(process, MEAN, COVARIANCE, t, prior)
    assert kl.shape == t.shape
    for i, at in enumerate(t):
        alpha, sigma = process.alpha(at), process.sigma(at)
        law = MultivariateNormal(alpha * MEAN, alpha**2 * COVARIANCE + sigma**2 * EYE)
        second_moment = COVARIANCE + MEAN.outer(MEAN)
        signal = alpha**2 * second_moment if prior == "second_moments" else 0 * EYE
        start = MultivariateNormal(0 * MEAN, signal + sigma**2 * EYE)
        exact = float(kl_divergence(law, start))
        assert float(kl[i]) == pytest.approx(exact, rel=1e-9, abs=1e-13)


def test_a_centred_gaussian_starts_exactly_from_its_second_moments():
    t = torch.tensor([[0.1, 1.0]])
    kl = gaussian_prior_kl(VariancePreserving(), 0 * MEAN, COVARIANCE, t, "second_moments")
    assert torch.equal(kl, torch.zeros(1, 2, dtype=torch.float64))


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("tolerance", [0.5, 0.01, 1e-4])
def test_sufficient_noise_keeps_its_promise_for_two_wells(prior, tolerance):
    """Equal points at -1 and 3 blurred a little: not a Gaussian."""
    wells, blur = torch.tensor([-1.0, 3.0], dtype=torch.float64), 0.0625
    s = sufficient_noise(torch.ones(1), torch.tensor([[4 + blur]]), tolerance)
    process = EDM(sigma_max=s)
    t = torch.tensor(process.horizon, dtype=torch.float64)
    x = torch.linspace(-12 * s - 2, 12 * s + 4, 20_001, dtype=torch.float64)
    parts = log_normal(x[:, None], wells, t**2 + blur)
    log_p = parts.logsumexp(1) - math.log(2)
    width = prior_variance(process, t, 5 + blur, prior)
    assert 0 < integral(log_p, log_normal(x, 0, width), x) <= tolerance


def test_sufficient_noise_is_the_least_for_a_law_of_one_point():
    s = sufficient_noise(MEAN, 0 * COVARIANCE, 0.02)
    t = torch.tensor(s, dtype=torch.float64)
    kl = gaussian_prior_kl(EDM(sigma_max=2 * s), MEAN, 0 * COVARIANCE, t)
    assert float(kl) == pytest.approx(0.02, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_it_chooses_a_horizon_for_every_process(kind):
    process, s = kind(), sufficient_noise(MEAN, COVARIANCE, 0.01)
    t = process.time_from_log_snr(-2 * torch.tensor(s, dtype=torch.float64).log())
    assert 0 < float(t) < process.horizon
    assert 0 < float(gaussian_prior_kl(process, MEAN, COVARIANCE, t)) <= 0.01


@pytest.mark.parametrize(
    "kind", [EDM, VarianceExploding, partial(VarianceExploding, 3.0, blurred=True)]
)
def test_exploding_noise_explodes_as_far_as_the_tolerance_asks(kind):
    """KL to either prior keeps within it, and is not zero."""
    process = kind(sigma_max=None, tolerance=0.02, second_moment=total_second_moment(MEAN, EYE))
    horizon = torch.tensor(process.horizon, dtype=torch.float64)
    assert float(process.sigma(horizon)) == pytest.approx(sufficient_noise(MEAN, EYE, 0.02))
    assert 0 < float(gaussian_prior_kl(process, MEAN, EYE, horizon)) <= 0.02


@pytest.mark.parametrize("kind", [EDM, VarianceExploding])
def test_there_must_be_something_to_choose_the_noise_by(kind):
    with pytest.raises(UserError, match="got sigma_max=None without second_moment"):
        kind(sigma_max=None)
    with pytest.raises(UserError, match="got tolerance=0"):
        kind(sigma_max=None, tolerance=0.0, second_moment=1.0)


def test_a_law_narrower_than_the_least_noise_is_refused():
    with pytest.raises(UserError, match="got t_min=0.002, expected inside"):
        EDM(sigma_max=None, second_moment=1e-12)


def test_what_has_no_meaning_is_refused():
    with pytest.raises(UserError, match="got tolerance=0"):
        sufficient_noise(MEAN, COVARIANCE, 0)
    with pytest.raises(UserError, match="got prior='wiener'"):
        gaussian_prior_kl(EDM(), MEAN, COVARIANCE, torch.ones(1), "wiener")
