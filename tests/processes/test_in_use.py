"""What grids, losses, metrics and samplers ask of a Gaussian process, of every one of them.

A Gaussian law in one dimension: each step of a sampler is affine, so that the mean and variance of
its points are carried along exactly.
"""

import itertools
from typing import get_args

import pytest
import torch

from truescore.denoisers import oracle
from truescore.losses.times import stratified_times
from truescore.metrics.score_error import noise_levels, score_error_curve
from truescore.samplers import EulerMaruyama, Grid, Heun, time_grid
from truescore.targets import GaussianMixture

from .conftest import each_process

MEAN, VARIANCE = 1.5, 0.4


def law(mean):
    one = torch.ones(1, 1)
    return GaussianMixture(torch.ones(1), mean * one, VARIANCE * one[None])


def at(t):
    return torch.tensor(t, dtype=torch.float64)


def moments(process, mean, t):
    """Mean and variance of x_t."""
    return process.alpha(t) * mean, process.alpha(t) ** 2 * VARIANCE + process.sigma(t) ** 2


def propagated(sampler, denoiser, start, to_zero):
    """Mean and variance of the sampler's points at t_min, or at t = 0."""
    times = sampler.times(denoiser)
    mean, variance = start
    points = torch.tensor([[0.0], [1.0], [0.0]], dtype=torch.float64)
    z = torch.randn(3, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    features = torch.cat([points, torch.ones_like(points), z], 1)
    for t, s in itertools.pairwise(times if to_zero else times[:-1]):
        generator = torch.Generator().manual_seed(1)
        moved = sampler.step(denoiser, points, t.expand(3), s.expand(3), generator)
        slope, shift, noise = torch.linalg.solve(features, moved)[:, 0]
        mean, variance = slope * mean + shift, slope**2 * variance + noise**2
    return mean, variance


@each_process
@pytest.mark.parametrize("grid", [grid for grid in get_args(Grid) if grid != "entropy"])
def test_grids_fall_from_the_horizon_to_t_min_and_then_to_zero(process, grid):
    times = time_grid(process, 24, grid, spectrum=torch.tensor([0.3, 9.0]))
    assert (times[0], times[-2], times[-1]) == (process.horizon, process.t_min, 0)
    assert (times.diff() < 0).all()
    assert (times.float().diff() < 0).all()


@each_process
def test_training_times_are_uniform_in_log_snr(process, assert_uniform):
    t = stratified_times(process, 4000, torch.Generator().manual_seed(2)).double()
    low, high = process.log_snr(at([process.horizon, process.t_min]))
    assert_uniform(((process.log_snr(t) - low) / (high - low)).clamp(0, 1))


@each_process
def test_the_score_of_a_wider_law_has_the_error_of_its_formula(process):
    """Of centred Gaussians the scores are -x/v: the relative error is |v/v' - 1|."""
    target = law(0.0)
    wider = GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.full((1, 1, 1), 2.0))
    x_0 = target.sample(50, torch.Generator().manual_seed(3))
    curve = score_error_curve(oracle(wider, process), oracle(target, process), process, x_0, 6)
    assert (curve.log_snr.diff() > 0).all()
    t = noise_levels(process, 6)[1].float().double()
    variance = moments(process, 0.0, t)[1]
    wide = variance + process.alpha(t) ** 2 * (2 - target.covariance()[0, 0])
    torch.testing.assert_close(curve.error, (1 - variance / wide), rtol=1e-6, atol=1e-9)


@each_process
def test_heun_is_exact_for_a_centred_gaussian_however_few_the_steps(process):
    denoiser = oracle(law(0.0), process)
    start = moments(process, 0.0, at(process.horizon))
    mean, variance = propagated(Heun(3), denoiser, start, to_zero=True)
    assert float(variance) == pytest.approx(VARIANCE, rel=1e-6)
    assert float(mean) == 0


@each_process
@pytest.mark.parametrize(("kind", "expected"), [(EulerMaruyama, 1), (Heun, 2)])
def test_moments_converge_at_the_samplers_order(process, kind, expected, order):
    # On grids even in t or in log-SNR, and on the spectral one, the first-order error of some noise
    # happens to vanish.
    denoiser, grid = oracle(law(MEAN), process), "quadratic"
    start = moments(process, MEAN, at(process.horizon))
    mean, variance = moments(process, MEAN, at(process.t_min))
    mean_errors, variance_errors = [], []
    for n in (steps := [50, 100, 200]):
        m, v = propagated(kind(n + 1, grid), denoiser, start, to_zero=False)
        mean_errors.append(abs(float(m - mean)))
        variance_errors.append(abs(float(v - variance)))
    # Where alpha is linear in t Euler-Maruyama carries the mean exactly.
    if mean_errors[-1] > 1e-12:
        assert order(steps, mean_errors) == pytest.approx(expected, abs=0.4)
    assert order(steps, variance_errors) == pytest.approx(expected, abs=0.4)
    assert max(mean_errors[-1], variance_errors[-1]) < 0.1


@each_process
@pytest.mark.parametrize(("kind", "steps"), [(EulerMaruyama, 60), (Heun, 8)])
def test_samples_have_the_law(process, kind, steps, assert_mean):
    """From the prior to t = 0 in float32, as a run draws them."""
    sampler, denoiser = kind(steps, "log_snr"), oracle(law(0.0), process)
    x = sampler.sample(denoiser, 5_000, 1, torch.Generator().manual_seed(4), 5_000).double()
    _, variance = propagated(sampler, denoiser, moments(process, 0.0, at(process.horizon)), True)
    assert float(variance) == pytest.approx(VARIANCE, rel=0.25)
    assert_mean(x, 0.0)
    assert_mean(x**2, variance, slack=1e-5)
