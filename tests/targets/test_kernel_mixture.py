"""A kernel on every point against the same law written as a mixture of full Gaussians."""

import pytest
import torch

from truescore.errors import UserError
from truescore.targets import GaussianMixture, KernelMixture

POINTS = torch.randn(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
WEIGHTS = torch.linspace(1, 3, 40)
KERNELS = KernelMixture(POINTS, 0.3, WEIGHTS)
MIXTURE = GaussianMixture(WEIGHTS, POINTS, 0.09 * torch.eye(3).double().repeat(40, 1, 1))
SHARP = {"atol": 1e-11, "rtol": 1e-11}


def queries(n=30, seed=2):
    return torch.randn(n, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_density_score_and_moments_are_the_mixtures():
    x = queries()
    for name in ("log_prob", "energy", "score"):
        torch.testing.assert_close(getattr(KERNELS, name)(x), getattr(MIXTURE, name)(x), **SHARP)
    for name in ("mean", "covariance", "squared_deviations"):
        torch.testing.assert_close(getattr(KERNELS, name)(), getattr(MIXTURE, name)(), **SHARP)


def test_marginals_are_the_mixtures():
    x = queries()
    torch.testing.assert_close(KERNELS.marginal_cdf(x), MIXTURE.marginal_cdf(x), **SHARP)
    for site in range(3):
        ours, theirs = (law.marginal(site, x[:, 0]) for law in (KERNELS, MIXTURE))
        torch.testing.assert_close(ours, theirs, **SHARP)


@pytest.mark.parametrize("sigma", [0.0, 1e-6, 0.1, 1.0, 1e6])
def test_posterior_is_the_mixtures(sigma):
    x_t, alpha = (1 + sigma) * queries(), torch.linspace(0.1, 1, 30)
    noise = torch.full((30,), sigma)
    ours, theirs = (law.gaussian_posterior(x_t, alpha, noise) for law in (KERNELS, MIXTURE))
    torch.testing.assert_close(ours, theirs, **SHARP)


def test_no_signal_leaves_the_prior():
    zero = torch.zeros(30, dtype=torch.float64)
    evidence, mean = KERNELS.gaussian_posterior(queries(), zero, zero + 1)
    torch.testing.assert_close(mean, KERNELS.mean().expand(30, 3), **SHARP)
    normal = torch.distributions.Normal(0.0, 1.0).log_prob(queries()).sum(1)
    torch.testing.assert_close(evidence, normal, **SHARP)


def test_a_narrow_kernel_answers_with_the_training_points():
    """E[x_0 | x_t] under the empirical law, summed by hand; near a point it is that point."""
    memory = KernelMixture(POINTS, 1e-9)
    x_t, sigma = queries(), 0.2
    one = torch.ones(30, dtype=torch.float64)
    _, mean = memory.gaussian_posterior(x_t, one, sigma * one)
    for b in range(30):
        weight = (-((x_t[b] - POINTS) ** 2).sum(1) / 2 / sigma**2).softmax(0)
        torch.testing.assert_close(mean[b], weight @ POINTS, atol=1e-12, rtol=0)
    _, near = memory.gaussian_posterior(POINTS + 1e-4, torch.ones(40), torch.full((40,), 1e-3))
    torch.testing.assert_close(near, POINTS, atol=1e-12, rtol=0)


def test_samples_have_its_moments(assert_mean, assert_uniform):
    x = KERNELS.sample(20_000, torch.Generator().manual_seed(3)).double()
    deviation = x - KERNELS.mean()
    assert_mean(deviation, 0.0)
    assert_mean(deviation[:, :, None] * deviation[:, None, :], KERNELS.covariance())
    squares = deviation**2
    assert_mean(squares[:, :, None] * squares[:, None, :], KERNELS.squared_deviations())
    assert_uniform(KERNELS.marginal_cdf(x)[0][:, 1])


def test_blocks_do_not_change_the_answer(monkeypatch):
    x, one = queries(), torch.ones(30)
    whole = (*KERNELS.gaussian_posterior(x, one, one), KERNELS.marginal_cdf(x)[0])
    monkeypatch.setattr("truescore.targets.kernel_mixture.ENTRIES", 90)
    parts = (*KERNELS.gaussian_posterior(x, one, one), KERNELS.marginal_cdf(x)[0])
    torch.testing.assert_close(parts, whole, atol=1e-14, rtol=1e-14)


def test_parameters_tell_laws_apart():
    moved = POINTS.clone()
    moved[7, 1] += 1e-12
    laws = [KERNELS, KernelMixture(moved, 0.3, WEIGHTS), KernelMixture(POINTS, 0.4, WEIGHTS)]
    laws.append(KernelMixture(POINTS, 0.3))
    assert len({str(law.parameters()) for law in laws}) == 4
    assert KernelMixture(POINTS.clone(), 0.3, WEIGHTS).parameters() == KERNELS.parameters()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.zeros(3), 0.1), r"points of shape \(3,\)"),
        ((torch.zeros(0, 3), 0.1), r"points of shape \(0, 3\)"),
        ((POINTS, 0.0), "bandwidth=0.0"),
        ((POINTS, 0.1, torch.ones(3)), r"weights of shape \(3,\), expected \(40,\)"),
        ((POINTS, 0.1, torch.zeros(40)), "all > 0"),
    ],
)
def test_impossible_laws_are_refused(arguments, message):
    with pytest.raises(UserError, match=message):
        KernelMixture(*arguments)


def test_points_of_another_width_are_refused():
    with pytest.raises(UserError, match=r"expected \(n, 3\)"):
        KERNELS.score(torch.zeros(1, 2))
