import builtins
import math

import pytest
import torch
from scipy.stats import wasserstein_distance

from truescore.errors import UserError
from truescore.metrics.distances import (
    directions,
    sliced_wasserstein,
    wasserstein,
    wasserstein_line,
)


def normal(n, dim, generator):
    return torch.randn(n, dim, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize(("n", "m"), [(50, 50), (50, 70), (7, 21), (1, 9), (13, 5)])
def test_on_the_line_it_agrees_with_scipy(n, m, generator):
    x, y = normal(n, 1, generator)[:, 0], 2 * normal(m, 1, generator)[:, 0] + 1
    expected = wasserstein_distance(x.numpy(), y.numpy())
    assert float(wasserstein_line(x, y)) == pytest.approx(expected, rel=1e-12)
    assert wasserstein(x[:, None], y[:, None]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("order", [1.0, 2.0, 3.0])
def test_unequal_sizes_are_sets_with_repeated_samples(order, generator):
    """Repeating every sample leaves its law as it is."""
    x, y = normal(4, 1, generator)[:, 0], normal(6, 1, generator)[:, 0]
    repeated = wasserstein_line(x.repeat(3), y.repeat(2), order)
    torch.testing.assert_close(wasserstein_line(x, y, order), repeated, rtol=1e-12, atol=0)


@pytest.mark.parametrize("order", [1.0, 2.0])
def test_gaussians_on_the_line_have_a_closed_form(order, assert_mean, generator):
    """N(0, 1) and N(m, s^2): W_2^2 = m^2 + (s - 1)^2; W_1 = m if s = 1; bias of order 1/n."""
    shift, scale = 1.5, 1.0 if order == 1 else 1.3
    n = 20_000
    x = torch.randn(40, n, dtype=torch.float64, generator=generator)
    y = shift + scale * torch.randn(40, n, dtype=torch.float64, generator=generator)
    exact = shift**order if order == 1 else shift**2 + (scale - 1) ** 2
    assert_mean(wasserstein_line(x, y, order) ** order, exact, slack=2e-3)


def test_transport_agrees_with_sorting(generator):
    """Points on a line in space: the plan is that of the line."""
    x, y = normal(60, 1, generator), normal(60, 1, generator) + 0.5
    pytest.importorskip("ot")
    along = torch.tensor([[0.6, 0.8]], dtype=torch.float64)
    for order in (1.0, 2.0):
        expected = wasserstein(x, y, order)
        assert wasserstein(x @ along, y @ along, order) == pytest.approx(expected, rel=1e-9)


def test_a_shift_is_its_own_distance(generator):
    pytest.importorskip("ot")
    x = normal(80, 3, generator)
    shift = torch.tensor([0.3, -0.4, 1.2], dtype=torch.float64)
    assert wasserstein(x, x + shift, 2) == pytest.approx(1.3, rel=1e-9)
    assert wasserstein(x, x) == pytest.approx(0, abs=1e-7)


def test_a_missing_library_is_one_line(monkeypatch, generator):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "ot":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match="without the library POT, expected it installed: pip"):
        wasserstein(normal(5, 2, generator), normal(5, 2, generator))
    assert wasserstein(normal(5, 1, generator), normal(5, 1, generator)) > 0


def test_directions_are_uniform_on_the_sphere(assert_mean, generator):
    u = directions(3, 20_000, generator)
    torch.testing.assert_close(u.norm(dim=1), torch.ones(20_000, dtype=torch.float64))
    assert_mean(u, 0.0)
    assert_mean(u[:, :, None] * u[:, None], torch.eye(3).double() / 3)


def test_sliced_distance_of_a_shift(generator):
    """W_1 along u is |<m, u>|, of mean |m| 2/pi on the circle."""
    x = normal(50, 2, generator)
    shift = torch.tensor([3.0, 4.0], dtype=torch.float64)
    angle = 2 * math.pi * (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    circle = torch.stack([angle.cos(), angle.sin()], 1)
    sliced = sliced_wasserstein(x, x + shift, circle)
    assert float(sliced) == pytest.approx(5 * 2 / math.pi, rel=1e-5)
    squared = sliced_wasserstein(x, x + shift, circle, 2)
    assert float(squared) == pytest.approx(5 / math.sqrt(2), rel=1e-12)
