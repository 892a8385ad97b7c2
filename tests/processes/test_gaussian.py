"""The variance-preserving process against its own definition."""

import pytest
import torch

from truescore.errors import UserError
from truescore.processes import VariancePreserving

PROCESSES = [
    VariancePreserving(),
    VariancePreserving(beta_min=0.1, beta_max=8.0, t_min=0.01),
    VariancePreserving(beta_min=2.0, beta_max=2.0),
]
each_process = pytest.mark.parametrize("process", PROCESSES, ids=["usual", "slow", "constant"])


def times(process, n=41):
    return torch.linspace(process.t_min, process.horizon, n, dtype=torch.float64)


def slope(f, t, step=1e-4):
    """Fourth-order central difference."""
    near, far = (f(t + k * step) - f(t - k * step) for k in (1, 2))
    return (8 * near - far) / (12 * step)


@each_process
def test_variance_is_preserved(process):
    t = times(process)
    total = process.alpha(t) ** 2 + process.sigma(t) ** 2
    torch.testing.assert_close(total, torch.ones_like(t), atol=1e-14, rtol=0)


@each_process
def test_drift_and_diffusion_are_those_of_alpha_and_sigma(process):
    t = times(process)
    f = slope(lambda t: process.alpha(t).log(), t)
    torch.testing.assert_close(process.drift_rate(t), f, atol=1e-9, rtol=1e-9)
    g_squared = slope(lambda t: process.sigma(t) ** 2, t) - 2 * f * process.sigma(t) ** 2
    torch.testing.assert_close(process.diffusion(t) ** 2, g_squared, atol=1e-8, rtol=1e-8)


@each_process
def test_rate_runs_from_beta_min_to_beta_max(process):
    ends = process.diffusion(torch.tensor([0.0, 1.0], dtype=torch.float64)) ** 2
    expected = torch.tensor([process.beta_min, process.beta_max], dtype=torch.float64)
    torch.testing.assert_close(ends, expected, atol=0, rtol=1e-12)
    assert float(process.alpha(torch.zeros(1))) == 1
    assert float(process.sigma(torch.zeros(1))) == 0


@each_process
def test_log_snr_decreases_and_is_inverted(process):
    t = times(process)
    log_snr = process.log_snr(t)
    expected = (process.alpha(t) ** 2 / process.sigma(t) ** 2).log()
    torch.testing.assert_close(log_snr, expected, atol=1e-12, rtol=0)
    assert (log_snr.diff() < 0).all()
    torch.testing.assert_close(process.time_from_log_snr(log_snr), t, atol=1e-10, rtol=1e-10)
    levels = torch.linspace(-9, 15, 49, dtype=torch.float64)
    back = process.log_snr(process.time_from_log_snr(levels))
    torch.testing.assert_close(back, levels, atol=1e-10, rtol=0)


def test_noise_of_the_smallest_times_keeps_its_digits_in_float32():
    process = VariancePreserving()
    t = torch.tensor([1e-8, 1e-6, 1e-4])
    exact = process.sigma(t.double())
    torch.testing.assert_close(process.sigma(t).double(), exact, atol=0, rtol=1e-6)
    # sigma^2 = B(t) to first order, independently of the code above.
    torch.testing.assert_close(exact**2, 0.1 * t.double(), atol=0, rtol=2e-2)


@pytest.mark.parametrize("t", [0.001, 0.1, 0.5, 1.0])
def test_perturbed_points_have_the_kernel_as_law(t, assert_mean, assert_uniform):
    process, n = VariancePreserving(), 20_000
    generator = torch.Generator().manual_seed(1)
    x_0 = torch.tensor([-2.0, 0.0, 3.0], dtype=torch.float64)
    t = torch.full((n,), t, dtype=torch.float64)
    x_t = process.perturb(x_0.expand(n, 3), t, generator)
    z = (x_t - process.alpha(t)[:, None] * x_0) / process.sigma(t)[:, None]
    assert_mean(z, 0.0)
    assert_mean(z[:, :, None] * z[:, None, :], torch.eye(3))
    for i in range(3):
        assert_uniform(torch.special.ndtr(z[:, i]))


def test_every_point_is_perturbed_at_its_own_time(assert_mean):
    process, n = VariancePreserving(), 20_000
    t = torch.tensor([0.01, 0.9]).repeat(n, 1)
    generator = torch.Generator().manual_seed(2)
    x_t = process.perturb(torch.zeros(2 * n, 1), t.flatten(), generator).reshape(n, 2)
    assert_mean(x_t.double() ** 2, process.sigma(t[0].double()) ** 2)


def test_perturbation_depends_on_the_generator_alone():
    process = VariancePreserving()
    x_0, t = torch.ones(4, 3), torch.full((4,), 0.3)
    first, again, other = (
        process.perturb(x_0, t, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.dtype == torch.float32


def test_description_names_the_signal_that_is_left():
    process = VariancePreserving(t_min=0.002)
    left = float(process.alpha(torch.ones(1, dtype=torch.float64)))
    assert f"{left:.1e}" in process.describe()
    assert "0.002" in process.describe()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"beta_min": 0.0}, "beta_min=0.0"),
        ({"beta_min": 3.0, "beta_max": 2.0}, "beta_max=2.0"),
        ({"beta_max": float("nan")}, "beta_max=nan"),
        ({"t_min": 0.0}, "t_min=0.0"),
        ({"t_min": 1.0}, "t_min=1.0"),
    ],
)
def test_impossible_schedules_are_refused(arguments, named):
    with pytest.raises(UserError, match=named) as error:
        VariancePreserving(**arguments)
    assert "\n" not in str(error.value)
