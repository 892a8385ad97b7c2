"""The unadjusted chain's closed form against matrix recursions, simulation and limits."""

import math

import pytest
import torch
from scipy.linalg import sqrtm

from truescore.dynamics import UnadjustedLangevin
from truescore.dynamics.unadjusted import best_tau, stability_limit
from truescore.errors import UserError
from truescore.targets import GaussianMixture

COVARIANCE = torch.tensor([[1.0, -0.7], [-0.7, 1.0]], dtype=torch.float64)
ANTICORRELATED = GaussianMixture(torch.ones(1), torch.zeros(1, 2), COVARIANCE[None])
OFF_CENTRE = GaussianMixture(torch.ones(1), torch.tensor([[1.0, -2.0]]), COVARIANCE[None])


@pytest.mark.parametrize("steps", [0, 1, 20])
@pytest.mark.parametrize("tau", [0.1, 1.1])
def test_moments_are_those_of_the_recursion(tau, steps):
    """m <- A m + b, C <- A C A^T + tau I with A = I - (tau/2) S^-1, as matrices."""
    eye, precision = torch.eye(2, dtype=torch.float64), torch.linalg.inv(COVARIANCE)
    law_mean = OFF_CENTRE.mean()
    mean, covariance = torch.zeros(2).double(), 4 * eye
    a = eye - tau / 2 * precision
    for _ in range(steps):
        mean = a @ mean + tau / 2 * precision @ law_mean
        covariance = a @ covariance @ a.mT + tau * eye
    chain = UnadjustedLangevin(OFF_CENTRE, tau, steps, 2.0)
    torch.testing.assert_close(chain.mean(), mean, atol=1e-12, rtol=0)
    torch.testing.assert_close(chain.covariance(), covariance, atol=1e-12, rtol=0)


def test_the_stationary_law_is_the_limit_and_too_wide():
    chain = UnadjustedLangevin(ANTICORRELATED, 0.4, math.inf, 2.0)
    long = UnadjustedLangevin(ANTICORRELATED, 0.4, 2000, 2.0)
    torch.testing.assert_close(chain.covariance(), long.covariance(), atol=1e-12, rtol=0)
    variances = torch.linalg.eigvalsh(chain.covariance())
    exact = torch.tensor([0.3 / (1 - 0.4 / 1.2), 1.7 / (1 - 0.4 / 6.8)], dtype=torch.float64)
    torch.testing.assert_close(variances, exact, atol=1e-12, rtol=0)


def test_wasserstein_is_that_of_gaussians():
    """|m - mu|^2 + tr(C + S - 2 (S^1/2 C S^1/2)^1/2), by matrix square roots."""
    chain = UnadjustedLangevin(OFF_CENTRE, 0.3, 7, 2.0)
    root = sqrtm(COVARIANCE.numpy())
    middle = torch.from_numpy(sqrtm(root @ chain.covariance().numpy() @ root)).real
    square = (chain.mean() - OFF_CENTRE.mean()).square().sum()
    square += (chain.covariance() + COVARIANCE - 2 * middle).trace()
    assert chain.wasserstein() == pytest.approx(float(square) ** 0.5, rel=1e-8)


@pytest.mark.parametrize("tau", [0.25, 1.0])
def test_simulated_chains_have_the_closed_forms_moments(tau, assert_mean):
    chain = UnadjustedLangevin(OFF_CENTRE, tau, 6, 2.0)
    x = chain.sample(20_000, torch.Generator().manual_seed(0))
    # Far from the law itself, so that the two cannot be taken for each other.
    assert float((chain.covariance() - COVARIANCE).norm()) > 0.2
    assert_mean(x, chain.mean())
    deviation = x - chain.mean()
    assert_mean(deviation[:, :, None] * deviation[:, None, :], chain.covariance())


@pytest.mark.parametrize("steps", [3, 20, 100])
def test_the_best_step_is_a_minimum(steps):
    def error(tau):
        return UnadjustedLangevin(ANTICORRELATED, tau, steps, 2.0).wasserstein()

    best = best_tau(ANTICORRELATED, steps, 2.0)
    assert all(error(best) < error(best * factor) for factor in (0.99, 1.01))
    assert error(best) <= min(error(0.001 + 1.198 * i / 1000) for i in range(1001)) + 1e-9


def test_without_end_the_smallest_step_is_the_best():
    errors = [
        UnadjustedLangevin(ANTICORRELATED, tau, math.inf, 2.0).wasserstein()
        for tau in (0.001, 0.01, 0.1, 1.0, 1.19)
    ]
    assert errors == sorted(errors)
    assert errors[0] < 1e-3


@pytest.mark.parametrize("tau", [0.0, -0.1, 1.2, 5.0, float("nan")])
def test_a_step_beyond_the_limit_is_refused(tau):
    assert stability_limit(ANTICORRELATED) == pytest.approx(1.2)
    with pytest.raises(UserError, match=r"expected inside \(0, 1.2\), four times") as caught:
        UnadjustedLangevin(ANTICORRELATED, tau, 20, 2.0)
    assert "\n" not in str(caught.value)


def test_a_mixture_has_no_closed_form():
    mixture = GaussianMixture(torch.ones(2), torch.zeros(2, 2), torch.eye(2).expand(2, 2, 2))
    with pytest.raises(UserError, match="got a mixture of 2 Gaussians, expected one"):
        UnadjustedLangevin(mixture, 0.1, 20, 2.0)
