"""Laws of samplers without sampling, against closed forms, and the orders that they show."""

import math
from functools import partial

import pytest
import torch

from truescore.denoisers import oracle
from truescore.errors import UserError
from truescore.processes import VariancePreserving
from truescore.samplers import (
    DDIM,
    EDM,
    AdamsBashforth,
    Ancestral,
    AnnealedLangevin,
    DPMSolver2M,
    DPMSolver2MSDE,
    EulerMaruyama,
    GaussianBridge,
    Heun,
    PredictorCorrector,
    ReverseDiffusion,
)
from truescore.samplers.gaussian_law import (
    gaussian_benchmark,
    moments,
    sampler_moments,
    wasserstein_2,
    wasserstein_error,
)
from truescore.targets import GaussianMixture

MEAN = torch.tensor([1.0, -0.5], dtype=torch.float64)
COVARIANCE = torch.tensor([[1.5, 0.9], [0.9, 0.8]], dtype=torch.float64)
GAUSSIAN = GaussianMixture(torch.ones(1), MEAN[None], COVARIANCE[None])
# Of natural images: a few wide modes and many that noise hides until the end.
POWER_LAW = 1 / torch.arange(1, 13, dtype=torch.float64) ** 3
# Wide, unit and narrow.
MODES = torch.tensor([4.0, 1.0, 0.25], dtype=torch.float64)


def slope(x, y):
    x, y = torch.tensor(x).double().log2(), torch.tensor(y).double().log2()
    return float((x - x.mean()) @ y / ((x - x.mean()) ** 2).sum())


def law_at(process, t):
    alpha, sigma = process.alpha(t), process.sigma(t)
    return alpha * MEAN, alpha**2 * COVARIANCE + sigma**2 * torch.eye(2).double()


def law_at_t_min(sampler, denoiser):
    """From the exact law at the horizon, so that steps are all that errs."""
    process, times = denoiser.process, sampler.times(denoiser)[:-1]
    mean, covariance = law_at(process, times[0])
    root = torch.linalg.cholesky(covariance)

    def draw(n):
        x = mean + torch.randn(n, 2) @ root.mT
        return sampler.path(denoiser, x, times, torch.Generator())

    return moments(draw)


@pytest.mark.parametrize(
    ("kind", "grid", "steps", "expected", "mean_is_exact"),
    [
        (EulerMaruyama, "uniform", [50, 100, 200], 1, False),
        (EulerMaruyama, "log_snr", [50, 100, 200], 1, False),
        (ReverseDiffusion, "log_snr", [30, 60, 120], 1, False),
        (Ancestral, "log_snr", [50, 100, 200], 1, True),
        (partial(AnnealedLangevin, repeats=5), "log_snr", [20, 40, 80], 1, True),
        (DDIM, "log_snr", [50, 100, 200], 1, True),
        (DDIM, "karras", [50, 100, 200], 1, True),
        (partial(PredictorCorrector, signal_to_noise=1e-3), "log_snr", [30, 60], 1, False),
        (GaussianBridge, "spectral", [30, 60, 120], 1, True),
        (Heun, "log_snr", [40, 80, 160], 2, False),
        (Heun, "geometric", [40, 80, 160], 2, False),
        (Heun, "spectral", [40, 80, 160], 2, False),
        (DPMSolver2M, "log_snr", [40, 80, 160], 2, True),
        (DPMSolver2MSDE, "log_snr", [40, 80, 160], 2, True),
        (AdamsBashforth, "log_snr", [80, 160, 320], 3, False),
        (EDM, "karras", [50, 100], 2, True),
        (partial(EDM, churn=0.0), "log_snr", [40, 80, 160], 2, True),
    ],
)
def test_moments_of_a_gaussian_converge_at_the_samplers_order(
    kind, grid, steps, expected, mean_is_exact
):
    """Steps towards D leave y at the mean where it is: D = y there."""
    process = VariancePreserving()
    denoiser = oracle(GAUSSIAN, process)
    mean, covariance = law_at(process, torch.tensor(process.t_min, dtype=torch.float64))
    mean_errors, covariance_errors = [], []
    for n in steps:
        m, c = law_at_t_min(kind(n + 1, grid), denoiser)
        mean_errors.append(float((m - mean).norm()))
        covariance_errors.append(float((c - covariance).norm()))
    assert -slope(steps, covariance_errors) == pytest.approx(expected, abs=0.4)
    if mean_is_exact:
        assert max(mean_errors) < 1e-12
    else:
        assert -slope(steps, mean_errors) == pytest.approx(expected, abs=0.4)


@pytest.mark.parametrize("kind", [GaussianBridge, Heun, AdamsBashforth])
def test_samplers_in_the_laws_modes_are_exact_for_a_centred_gaussian(kind):
    """However few the steps, from the prior down to t = 0."""
    assert wasserstein_error(kind(3), gaussian_benchmark(MODES)) < 1e-12


def test_langevin_corrections_leave_a_bias_of_the_square_of_their_ratio():
    """Which more steps do not cure: x <- x + e score + sqrt(2 e) z widens a mode by e/2 of it."""
    ratios, errors = [0.1, 0.2, 0.4], []
    for ratio in ratios:
        kind = partial(PredictorCorrector, corrections=20, signal_to_noise=ratio)
        errors.append(wasserstein_error(kind(16), gaussian_benchmark(torch.ones(1))))
    assert slope(ratios, errors) == pytest.approx(2, abs=0.4)


def test_the_law_of_euler_maruyama_follows_the_papers_recursion():
    """Pierret and Galerne, arXiv 2405.14250: the variance of a mode, step by step, b = beta/2."""
    n, start, end, spectrum = 50, 1.0, 1e-3, POWER_LAW
    denoiser, sampler = gaussian_benchmark(POWER_LAW), EulerMaruyama(50, "uniform")

    def variance_at(t):
        decay = math.exp(-2 * (0.05 * t + (10 - 0.05) * t**2 / 2))
        return decay * spectrum + 1 - decay

    step, variance = (start - end) / (n - 1), variance_at(start)
    for k in range(n - 1):
        t = start - k * step
        pull = step * (0.05 + (10 - 0.05) * t)
        variance = (1 + pull * (1 - 2 / variance_at(t))) ** 2 * variance + 2 * pull
    x_t = torch.tensor([end], dtype=torch.float64)
    alpha, sigma = denoiser.process.alpha(x_t), denoiser.process.sigma(x_t)
    shrink = alpha * spectrum / variance_at(end)
    expected = shrink**2 * variance + (sigma / alpha) ** 2
    mean, covariance = sampler_moments(sampler, denoiser)
    torch.testing.assert_close(covariance, expected.diag(), atol=1e-12, rtol=1e-9)
    torch.testing.assert_close(mean, 0 * mean)


def test_samplers_rank_as_in_the_papers_table():
    """Few steps: Heun's rule, then Euler on the flow, then the SDE, Euler-Maruyama the worst."""
    denoiser = gaussian_benchmark(POWER_LAW)

    def errors(steps):
        samplers = [partial(EDM, churn=0.0), DDIM, ReverseDiffusion, EulerMaruyama]
        return [wasserstein_error(kind(steps, "uniform"), denoiser) for kind in samplers]

    few, many = errors(25), errors(100)
    assert few == sorted(few)
    assert min(many) == many[0]
    assert all(fine < coarse / 2 for fine, coarse in zip(many, few, strict=True))
    assert few[0] / many[0] > 8


def test_the_standard_priors_own_error_is_what_the_flow_makes_of_it():
    """Mode k starts at variance 1, not alpha^2 l_k + sigma^2, and keeps that ratio to the end."""
    process = VariancePreserving(beta_max=4.0)
    law = GaussianMixture(torch.ones(1), torch.zeros(1, 3), MODES.diag()[None])
    denoiser, horizon = oracle(law, process), torch.ones(1).double()
    alpha, sigma = process.alpha(horizon), process.sigma(horizon)
    scale = sigma / (alpha**2 * MODES + sigma**2).sqrt()
    expected = float((MODES.sqrt() * (scale - 1)).norm())
    assert expected > 0.1
    error = wasserstein_error(Heun(4, prior="standard"), denoiser)
    assert error == pytest.approx(expected, rel=1e-9)
    assert wasserstein_error(Heun(4, prior="matched"), denoiser) < 1e-12


def test_wasserstein_distance_of_commuting_and_of_rotated_gaussians():
    a, b = torch.tensor([4.0, 1.0]).double(), torch.tensor([1.0, 0.25]).double()
    shift = torch.tensor([0.3, 0.4]).double()
    distance = wasserstein_2(shift, a.diag(), 0 * shift, b.diag())
    assert distance == pytest.approx(math.sqrt(0.25 + 1 + 0.25))
    # Rotating by a right angle swaps the axes: (2, 1) against (0.5, 1).
    assert wasserstein_2(0 * shift, a.diag(), 0 * shift, b.flip(0).diag()) == pytest.approx(1.5)
    close = wasserstein_2(shift, COVARIANCE, shift, COVARIANCE * (1 + 1e-12))
    assert close == pytest.approx(0.5e-12 * math.sqrt(COVARIANCE.trace()), rel=1e-2)


def test_what_is_not_affine_is_refused():
    well = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])
    mixture = GaussianMixture(torch.ones(2), well, COVARIANCE.expand(2, 2, 2))
    with pytest.raises(UserError, match="not affine.*draw samples instead"):
        sampler_moments(Heun(4), oracle(mixture, VariancePreserving()))
    with pytest.raises(UserError, match="not affine"):
        moments(lambda n: torch.randn(n, 2) ** 2)


def test_moments_add_up_over_all_draws():
    root = torch.tensor([[2.0, 0.0], [1.0, 3.0]], dtype=torch.float64)
    mean, covariance = moments(lambda n: MEAN + torch.randn(n, 2) @ root.mT + torch.randn(n, 2))
    torch.testing.assert_close(mean, MEAN)
    torch.testing.assert_close(covariance, root @ root.mT + torch.eye(2))
