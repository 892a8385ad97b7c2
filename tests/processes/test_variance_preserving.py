"""What is the variance-preserving processes' own."""

import pytest
import torch

from truescore.processes import CosineVariancePreserving, Trigonometric, VariancePreserving

PROCESSES = [VariancePreserving(), CosineVariancePreserving(), Trigonometric()]


@pytest.mark.parametrize("process", PROCESSES, ids=["linear", "cosine", "trigonometric"])
def test_variance_is_preserved(process):
    t = torch.linspace(0, process.horizon, 41, dtype=torch.float64)
    total = process.alpha(t) ** 2 + process.sigma(t) ** 2
    torch.testing.assert_close(total, torch.ones_like(t), atol=1e-14, rtol=0)
    # So that g^2 is the rate at which the signal is forgotten.
    torch.testing.assert_close(process.diffusion(t) ** 2, -2 * process.drift_rate(t))


@pytest.mark.parametrize(("beta_min", "beta_max"), [(0.1, 20.0), (2.0, 2.0)])
def test_rate_runs_from_beta_min_to_beta_max(beta_min, beta_max):
    process = VariancePreserving(beta_min, beta_max)
    squares = process.diffusion(torch.tensor([0.0, 1.0], dtype=torch.float64)) ** 2
    expected = torch.tensor([beta_min, beta_max], dtype=torch.float64)
    torch.testing.assert_close(squares, expected, atol=0, rtol=1e-12)


def test_noise_of_small_times_is_the_rate_times_the_time():
    t = torch.tensor([1e-8, 1e-6, 1e-4])
    noise = VariancePreserving(beta_min=0.1).sigma(t).double()
    torch.testing.assert_close(noise**2, 0.1 * t.double(), atol=0, rtol=2e-2)


def test_trigonometric_is_the_cosine_without_offset():
    t = torch.linspace(1e-3, 0.99, 41, dtype=torch.float64)
    torch.testing.assert_close(
        CosineVariancePreserving(offset=1e-13).alpha(t),
        Trigonometric().alpha(t),
        rtol=1e-10,
        atol=0,
    )
