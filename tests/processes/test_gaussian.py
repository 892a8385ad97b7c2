"""Every Gaussian process against its own definition and against the SDE it claims to solve."""

import itertools
import math

import numpy as np
import pytest
import torch

from truescore.errors import UserError
from truescore.processes import (
    EDM,
    CosineVariancePreserving,
    GaussianNoise,
    RectifiedFlow,
    SubVariancePreserving,
    Trigonometric,
    VarianceExploding,
    VariancePreserving,
)

from .conftest import each_process


def times(process, n=41):
    return torch.linspace(process.t_min, process.horizon, n, dtype=torch.float64)


def ends(process):
    return torch.tensor([0.0, process.t_min, process.horizon], dtype=torch.float64)


def slope(f, process, t):
    """Fourth-order central difference, in steps that are small beside both ends' distances."""
    room = 1 - t if process.horizon < 1 else t
    step = 3e-4 * torch.minimum(t, room)
    near, far = (f(t + k * step) - f(t - k * step) for k in (1, 2))
    return (8 * near - far) / (12 * step)


@each_process
def test_drift_and_diffusion_obey_the_equations_of_the_moments(process):
    """d alpha/dt = f alpha, d sigma^2/dt = 2 f sigma^2 + g^2."""
    t = times(process)
    alpha, variance, f = process.alpha(t), process.sigma(t) ** 2, process.drift_rate(t)
    close = {"atol": 1e-9, "rtol": 1e-8}
    torch.testing.assert_close(f * alpha, slope(process.alpha, process, t), **close)
    rate = slope(lambda t: process.sigma(t) ** 2, process, t)
    torch.testing.assert_close(2 * f * variance + process.diffusion(t) ** 2, rate, **close)
    torch.testing.assert_close(process.variance_rate(t), rate, **close)


@each_process
def test_stretches_of_the_diffusion_compose(process):
    """From s to t: sigma_t^2 = (a_t/a_s)^2 sigma_s^2 + int_s^t (a_t/a_u)^2 g_u^2 du."""
    nodes, weights = (torch.from_numpy(v) for v in np.polynomial.legendre.leggauss(200))
    for s, t in itertools.pairwise([0.0, *times(process, 6).tolist()]):
        u = s + (t - s) * (nodes + 1) / 2
        start, end = (torch.tensor(v, dtype=torch.float64) for v in (s, t))
        gained = (process.diffusion(u) / process.alpha(u)) ** 2 @ weights * (t - s) / 2
        kept = (process.sigma(start) / process.alpha(start)) ** 2
        variance = process.alpha(end) ** 2 * (kept + gained)
        torch.testing.assert_close(variance, process.sigma(end) ** 2, atol=0, rtol=1e-10)


@each_process
def test_the_simulated_sde_has_the_moments_of_perturb(process):
    """Euler-Maruyama's own mean and variance, carried along exactly, converge at order one."""
    end = torch.tensor(0.9 * process.horizon, dtype=torch.float64)
    errors = []
    for n in (steps := [400, 800, 1600]):
        mean, variance = torch.tensor([1.0, process.sigma(0 * end) ** 2], dtype=torch.float64)
        dt = end / n
        for t in torch.arange(n) * dt:
            growth = 1 + process.drift_rate(t) * dt
            mean, variance = growth * mean, growth**2 * variance + process.diffusion(t) ** 2 * dt
        error = torch.stack([mean - process.alpha(end), variance - process.sigma(end) ** 2])
        errors.append((error / process.sigma(end)).abs())
    errors = torch.stack(errors)
    assert errors[-1].max() < 0.03 * float(process.sigma(end))
    x = torch.tensor(steps, dtype=torch.float64).log2()
    for error in errors.T[errors[-1] > 1e-12]:
        order = -(x - x.mean()) @ error.log2() / ((x - x.mean()) ** 2).sum()
        assert float(order) == pytest.approx(1, abs=0.4)


@each_process
def test_log_snr_decreases_and_is_inverted(process):
    t = times(process)
    log_snr = process.log_snr(t)
    expected = (process.alpha(t) ** 2 / process.sigma(t) ** 2).log()
    torch.testing.assert_close(log_snr, expected, atol=1e-12, rtol=1e-12)
    assert (log_snr.diff() < 0).all()
    torch.testing.assert_close(process.time_from_log_snr(log_snr), t, atol=1e-10, rtol=1e-10)
    levels = torch.linspace(-9, 15, 49, dtype=torch.float64)
    back = process.log_snr(process.time_from_log_snr(levels))
    torch.testing.assert_close(back, levels, atol=1e-10, rtol=0)


@each_process
def test_bisection_inverts_log_snr_for_a_process_without_a_formula(process):
    t = times(process)
    log_snr = process.log_snr(t)
    found = GaussianNoise.time_from_log_snr(process, log_snr)
    torch.testing.assert_close(found, t, atol=0, rtol=1e-9)
    assert GaussianNoise.time_from_log_snr(process, log_snr.float()).dtype == torch.float32
    beyond = GaussianNoise.time_from_log_snr(process, log_snr[-1:] - 1)
    assert float(beyond) == pytest.approx(process.horizon)


@each_process
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_everything_is_finite_from_zero_to_the_horizon(process, dtype):
    t = ends(process).to(dtype)
    for f in (process.alpha, process.sigma, process.drift_rate, process.diffusion):
        assert torch.isfinite(f(t)).all()
    assert torch.isfinite(process.log_snr(t[1:])).all()
    assert float(process.alpha(t)[0]) == pytest.approx(1, abs=1e-7)
    start = process.scale.first if getattr(process, "blurred", False) else 0
    assert float(process.sigma(t)[0]) == pytest.approx(start, abs=1e-9)
    assert (process.alpha(t)[-1:] > 0).all()


@each_process
def test_float32_keeps_the_digits_of_the_smallest_and_largest_times(process):
    t = torch.tensor([1e-8, 1e-4, process.t_min, process.horizon / 2, process.horizon])
    for f in (process.sigma, process.alpha, process.drift_rate, process.diffusion):
        torch.testing.assert_close(f(t).double(), f(t.double()), atol=1e-7, rtol=2e-4)
    small = t[:3]
    torch.testing.assert_close(
        process.sigma(small).double(), process.sigma(small.double()), atol=0, rtol=1e-6
    )


@pytest.mark.parametrize(
    ("process", "alpha", "sigma"),
    [
        (
            SubVariancePreserving(1.0, 3.0),
            lambda t: math.exp(-(t + t**2) / 2),
            lambda t: 1 - math.exp(-(t + t**2)),
        ),
        (VarianceExploding(0.1, 10.0), lambda t: 1, lambda t: 0.1 * (100 ** (2 * t) - 1) ** 0.5),
        (VarianceExploding(0.1, 10.0, True), lambda t: 1, lambda t: 0.1 * 100**t),
        (EDM(), lambda t: 1, lambda t: t),
        (RectifiedFlow(), lambda t: 1 - t, lambda t: t),
        (
            Trigonometric(),
            lambda t: math.cos(math.pi * t / 2),
            lambda t: math.sin(math.pi * t / 2),
        ),
    ],
)
def test_scales_are_those_of_the_papers(process, alpha, sigma):
    for t in (0.01, 0.3, 0.99):
        t_tensor = torch.tensor(t, dtype=torch.float64)
        assert float(process.alpha(t_tensor)) == pytest.approx(alpha(t), rel=1e-12)
        assert float(process.sigma(t_tensor)) == pytest.approx(sigma(t), rel=1e-12)


def test_the_two_exploding_variances_differ_by_that_of_the_blur():
    exact, blurred = VarianceExploding(0.3, 20.0), VarianceExploding(0.3, 20.0, blurred=True)
    t = times(exact)
    gap = blurred.sigma(t) ** 2 - exact.sigma(t) ** 2
    torch.testing.assert_close(gap, torch.full_like(t, 0.09), atol=1e-12, rtol=0)
    assert torch.equal(exact.diffusion(t), blurred.diffusion(t))


@each_process
def test_perturbed_points_have_the_kernel_as_law(process, assert_mean, assert_uniform):
    n, generator = 20_000, torch.Generator().manual_seed(1)
    x_0 = torch.tensor([-2.0, 0.0, 3.0], dtype=torch.float64)
    for at in (process.t_min, 0.3 * process.horizon, process.horizon):
        t = torch.full((n,), at, dtype=torch.float64)
        x_t = process.perturb(x_0.expand(n, 3), t, generator)
        z = (x_t - process.alpha(t)[:, None] * x_0) / process.sigma(t)[:, None]
        assert_mean(z, 0.0)
        assert_mean(z[:, :, None] * z[:, None, :], torch.eye(3))
        for i in range(3):
            assert_uniform(torch.special.ndtr(z[:, i]))


@each_process
def test_every_point_is_perturbed_at_its_own_time(process, assert_mean):
    n = 20_000
    t = process.horizon * torch.tensor([0.01, 0.9]).repeat(n, 1)
    generator = torch.Generator().manual_seed(2)
    x_t = process.perturb(torch.zeros(2 * n, 1), t.flatten(), generator).reshape(n, 2)
    assert_mean(x_t.double() ** 2, process.sigma(t[0].double()) ** 2)


@each_process
def test_perturbation_depends_on_the_generator_alone(process):
    x_0, t = torch.ones(4, 3), torch.full((4,), 0.3)
    first, again, other = (
        process.perturb(x_0, t, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.dtype == torch.float32


@each_process
def test_description_names_the_horizon_and_what_is_left_there(process):
    left = process.alpha(ends(process))[-1]
    noise = process.sigma(ends(process))[-1]
    line = process.describe()
    assert "\n" not in line
    assert f"t in [{process.t_min:g}, {process.horizon:g}]" in line
    assert f"alpha = {float(left):.1e}, sigma = {float(noise):.4g}" in line
    assert f"{float((left / noise) ** 2) / 2:.1e} E|x_0|^2" in line


@pytest.mark.parametrize(
    ("kind", "arguments", "named"),
    [
        (VariancePreserving, {"beta_min": 0.0}, "beta_min=0.0"),
        (VariancePreserving, {"beta_min": 3.0, "beta_max": 2.0}, "beta_max=2.0"),
        (VariancePreserving, {"beta_max": float("nan")}, "beta_max=nan"),
        (VariancePreserving, {"t_min": 0.0}, "t_min=0.0"),
        (VariancePreserving, {"t_min": 1.0}, "t_min=1.0"),
        (SubVariancePreserving, {"beta_min": 0.0}, "beta_min=0.0"),
        (SubVariancePreserving, {"t_min": 1.0}, "t_min=1.0"),
        (CosineVariancePreserving, {"offset": 0.0}, "offset=0.0"),
        (CosineVariancePreserving, {"horizon": 1.0}, "horizon=1.0"),
        (CosineVariancePreserving, {"t_min": 0.5, "horizon": 0.4}, "t_min=0.5"),
        (VarianceExploding, {"sigma_min": 0.0}, "sigma_min=0.0"),
        (VarianceExploding, {"sigma_min": 2.0, "sigma_max": 2.0}, "sigma_max=2.0"),
        (VarianceExploding, {"t_min": -0.1}, "t_min=-0.1"),
        (EDM, {"t_min": 0.0}, "t_min=0.0"),
        (EDM, {"t_min": 90.0}, "t_min=90.0"),
        (RectifiedFlow, {"horizon": 1.0}, "horizon=1.0.*no signal"),
        (RectifiedFlow, {"t_min": 0.995}, "t_min=0.995"),
        (Trigonometric, {"horizon": float("nan")}, "horizon=nan"),
        (Trigonometric, {"t_min": 0.0}, "t_min=0.0"),
    ],
)
def test_impossible_processes_are_refused(kind, arguments, named):
    with pytest.raises(UserError, match=named) as error:
        kind(**arguments)
    assert "\n" not in str(error.value)
