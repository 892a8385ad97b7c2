"""Samplers of reals on exact oracles: orders of convergence without Monte Carlo.

For a Gaussian law every step is affine in x, so that the law of the sampler's points is a Gaussian
whose moments can be carried along exactly.
"""

import itertools

import pytest
import torch

from truescore.denoisers import oracle
from truescore.processes import VariancePreserving
from truescore.samplers import EulerMaruyama, Heun, time_grid
from truescore.targets import GaussianMixture

MEAN = torch.tensor([1.0, -0.5], dtype=torch.float64)
COVARIANCE = torch.tensor([[1.5, 0.9], [0.9, 0.8]], dtype=torch.float64)
GAUSSIAN = GaussianMixture(torch.ones(1), MEAN[None], COVARIANCE[None])
EYE = torch.eye(2, dtype=torch.float64)


def affine(sampler, denoiser, t, s):
    """The step x -> A x + b + G z as (A, b, G), from what it does to a few points."""
    points = torch.cat([torch.zeros(1, 2, dtype=torch.float64), EYE])

    def move(seed):
        generator = torch.Generator().manual_seed(seed)
        return sampler.step(denoiser, points, t.expand(3), s.expand(3), generator)

    def noise(seed):
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(3, 2, dtype=torch.float64, generator=generator)

    one, two, z_one, z_two = move(1), move(2), noise(1), noise(2)
    scale = ((one - two) / (z_one - z_two)).mean()
    still = one - scale * z_one
    torch.testing.assert_close(two - scale * z_two, still, atol=1e-12, rtol=0)
    return (still[1:] - still[0]).mT, still[0], scale


def moments_at(process, t):
    alpha, sigma = process.alpha(t), process.sigma(t)
    return alpha * MEAN, alpha**2 * COVARIANCE + sigma**2 * EYE


def prior(process):
    """Moments from which samplers start: those of x_T, about zero."""
    mean, covariance = moments_at(process, torch.tensor(1.0, dtype=torch.float64))
    return 0 * mean, covariance + mean.outer(mean)


def propagated(sampler, denoiser, start, to_zero):
    """Mean and covariance of the sampler's points at t_min, or at t = 0."""
    times = sampler.times(denoiser)
    mean, covariance = start
    for t, s in itertools.pairwise(times if to_zero else times[:-1]):
        a, b, g = affine(sampler, denoiser, t, s)
        mean, covariance = a @ mean + b, a @ covariance @ a.mT + g**2 * EYE
    return mean, covariance


def order(steps, errors):
    x, y = torch.tensor(steps).double().log2(), torch.tensor(errors).double().log2()
    return -float((x - x.mean()) @ y / ((x - x.mean()) ** 2).sum())


@pytest.mark.parametrize(
    ("kind", "grid", "steps", "expected"),
    [
        (EulerMaruyama, "uniform", [100, 200, 400], 1),
        (EulerMaruyama, "log_snr", [100, 200, 400], 1),
        (Heun, "log_snr", [80, 160, 320], 2),
        (Heun, "geometric", [80, 160, 320], 2),
        (Heun, "spectral", [80, 160, 320], 2),
    ],
)
def test_moments_of_a_gaussian_converge_at_the_samplers_order(kind, grid, steps, expected):
    process = VariancePreserving()
    denoiser = oracle(GAUSSIAN, process)
    start = moments_at(process, torch.tensor(1.0, dtype=torch.float64))
    mean, covariance = moments_at(process, torch.tensor(process.t_min, dtype=torch.float64))
    mean_errors, covariance_errors = [], []
    for n in steps:
        m, c = propagated(kind(n + 1, grid), denoiser, start, to_zero=False)
        mean_errors.append(float((m - mean).norm()))
        covariance_errors.append(float((c - covariance).norm()))
    assert order(steps, covariance_errors) == pytest.approx(expected, abs=0.4)
    assert order(steps, mean_errors) == pytest.approx(expected, abs=0.4)
    assert covariance_errors[-1] < 0.01


def test_heun_is_exact_for_a_centred_gaussian_however_few_the_steps():
    """The flow of its whitened modes stands still, from the prior down to t = 0."""
    centred = GaussianMixture(torch.ones(1), 0 * MEAN[None], COVARIANCE[None])
    process = VariancePreserving()
    denoiser = oracle(centred, process)
    alpha, sigma = process.alpha(torch.ones(1).double()), process.sigma(torch.ones(1).double())
    start = (0 * MEAN, alpha**2 * COVARIANCE + sigma**2 * EYE)
    _, covariance = propagated(Heun(3), denoiser, start, to_zero=True)
    torch.testing.assert_close(covariance, COVARIANCE, atol=1e-12, rtol=0)


def wells():
    means = torch.tensor([[1.0, 0.8], [-1.0, -0.8]], dtype=torch.float64)
    return GaussianMixture(torch.ones(2), means, 0.1 * COVARIANCE.expand(2, 2, 2))


def test_heun_is_of_order_two_on_a_nonlinear_flow():
    """From fixed points, beside the same flow in very fine steps."""
    denoiser = oracle(wells(), VariancePreserving())
    start = torch.tensor([[0.3, -0.1], [-1.2, 0.5], [0.7, 0.9], [2.0, -1.5]], dtype=torch.float64)

    def end(n):
        x = start
        for t, s in itertools.pairwise(time_grid(denoiser.process, n + 1, "log_snr")[:-1]):
            x = Heun().step(denoiser, x, t.expand(4), s.expand(4), torch.Generator())
        return x

    exact, steps = end(1000), [40, 80, 160]
    errors = [float((end(n) - exact).norm()) for n in steps]
    assert order(steps, errors) == pytest.approx(2, abs=0.4)


@pytest.mark.parametrize("kind", [EulerMaruyama, Heun])
def test_last_step_misses_the_covariance_by_the_fourth_power_of_the_noise(kind):
    """The posterior mean itself, the usual last step, falls short by s^2 in every direction."""
    process = VariancePreserving(t_min=1e-6)
    denoiser = oracle(GAUSSIAN, process)
    noises, errors = torch.tensor([0.02, 0.04, 0.08], dtype=torch.float64), []
    for s in noises:
        t = process.time_from_log_snr(-2 * s.log())
        a, b, g = affine(kind(), denoiser, t, 0 * t)
        alpha, sigma = process.alpha(t), process.sigma(t)
        before = alpha**2 * COVARIANCE + sigma**2 * EYE
        torch.testing.assert_close(a @ (alpha * MEAN) + b, MEAN, atol=float(s) ** 3, rtol=0)
        errors.append(float((a @ before @ a.mT + g**2 * EYE - COVARIANCE).norm()))
    assert errors[-1] < 0.2 * float(noises[-1]) ** 2
    assert order((1 / noises).tolist(), errors) == pytest.approx(4, abs=0.4)


@pytest.mark.parametrize(("kind", "steps"), [(EulerMaruyama, 20), (Heun, 4)])
def test_samples_have_the_propagated_moments(kind, steps, assert_mean):
    """Few steps, whose law is visibly not the target's: what is drawn is what was computed."""
    process = VariancePreserving()
    denoiser, sampler = oracle(GAUSSIAN, process), kind(steps)
    mean, covariance = propagated(sampler, denoiser, prior(process), to_zero=True)
    assert float((covariance - COVARIANCE).norm()) > 0.01
    x = sampler.sample(denoiser, 20_000, 2, torch.Generator().manual_seed(2)).double()
    assert_mean(x, mean, slack=1e-5)
    deviation = x - mean
    assert_mean(deviation[:, :, None] * deviation[:, None, :], covariance, slack=1e-5)


@pytest.mark.parametrize("kind", [EulerMaruyama, Heun])
def test_evaluations_are_counted(kind):
    class Counting(torch.nn.Module):
        state_space, process = "real", VariancePreserving()
        spectrum, basis = torch.ones(2), torch.eye(2)
        calls = 0

        def sample_prior(self, n, dim, generator):
            return torch.randn(n, dim, generator=generator)

        def posterior_mean(self, x_t, t):
            self.calls += 1
            return 0 * x_t

        def score(self, x_t, t):
            self.calls += 1
            return -x_t

    denoiser, sampler = Counting(), kind(9)
    sampler.sample(denoiser, 3, 2, torch.Generator().manual_seed(3))
    assert denoiser.calls == sampler.evaluations
