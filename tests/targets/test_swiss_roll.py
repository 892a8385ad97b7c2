"""The Swiss roll against scipy's adaptive quadrature over the spiral, and over the plane."""

import math

import pytest
import torch
from scipy.integrate import quad

from truescore.errors import UserError
from truescore.targets import SwissRoll

LAW = SwissRoll()
EDGES = torch.linspace(1.5 * math.pi, 4.5 * math.pi, 201, dtype=torch.float64).tolist()


def spiral_integral(f):
    """The mean of f over the spiral, t uniform."""
    pieces = zip(EDGES[:-1], EDGES[1:], strict=True)
    total = sum(quad(f, low, high, epsabs=1e-16, epsrel=1e-12)[0] for low, high in pieces)
    return total / (3 * math.pi)


def reference(x_t, alpha, sigma, noise=0.5):
    """Log evidence and posterior mean of one point, scaled by the largest likelihood."""
    variance = (alpha * noise / 10) ** 2 + sigma**2

    def exponent(t):
        dx = x_t[0] - alpha * t * math.cos(t) / 10
        dy = x_t[1] - alpha * t * math.sin(t) / 10
        return (dx * dx + dy * dy) / (2 * variance)

    fine = torch.linspace(EDGES[0], EDGES[-1], 40_001, dtype=torch.float64).tolist()
    least = min(exponent(t) for t in fine)

    def weight(t):
        return math.exp(least - exponent(t))

    total = spiral_integral(weight)
    centre = [
        spiral_integral(lambda t: weight(t) * t * math.cos(t) / 10) / total,
        spiral_integral(lambda t: weight(t) * t * math.sin(t) / 10) / total,
    ]
    gain = alpha * (noise / 10) ** 2 / variance
    mean = [c + gain * (x - alpha * c) for c, x in zip(centre, x_t, strict=True)]
    return math.log(total) - least - math.log(2 * math.pi * variance), mean


# On the roll, between two turns, at its centre, beyond either end, and far outside.
POINTS = [(0.8, 0.2), (-0.3, 0.5), (0.0, 0.0), (0.1, 1.5), (0.15, -0.45), (3.0, -4.0)]


@pytest.mark.parametrize("sigma", [1e-8, 0.01, 0.2, 1.0, 100.0])
def test_posterior_is_its_integral(sigma):
    alpha = 0.9
    x_t = alpha * torch.tensor(POINTS, dtype=torch.float64)
    one = torch.ones(len(x_t), dtype=torch.float64)
    evidence, mean = LAW.gaussian_posterior(x_t, alpha * one, sigma * one)
    for b, point in enumerate(x_t.tolist()):
        expected = reference(point, alpha, sigma)
        assert float(evidence[b]) == pytest.approx(expected[0], abs=1e-10, rel=1e-12)
        assert mean[b].tolist() == pytest.approx(expected[1], abs=1e-11)


@pytest.mark.parametrize("noise", [0.05, 2.0])
def test_posterior_is_its_integral_at_other_widths(noise):
    law, one = SwissRoll(noise=noise), torch.ones(1, dtype=torch.float64)
    point = torch.tensor([[0.78, 0.05]], dtype=torch.float64)
    evidence, mean = law.gaussian_posterior(point, one, 1e-3 * one)
    expected = reference(point[0].tolist(), 1.0, 1e-3, noise)
    assert float(evidence) == pytest.approx(expected[0], abs=1e-10)
    assert mean[0].tolist() == pytest.approx(expected[1], abs=1e-11)


def test_moments_are_integrals_over_the_plane():
    """Trapezoid sums at 0.6 standard deviations of the noise are exact to float64."""
    axis = torch.arange(-1.9, 1.9, 0.03, dtype=torch.float64)
    points = torch.cartesian_prod(axis, axis)
    p = LAW.log_prob(points).exp() * 0.03**2
    close = {"atol": 1e-11, "rtol": 0}
    assert float(p.sum()) == pytest.approx(1, abs=1e-11)
    mean = p @ points
    deviation = points - mean
    torch.testing.assert_close(LAW.mean(), mean, **close)
    covariance = torch.einsum("n,ni,nj->ij", p, deviation, deviation)
    torch.testing.assert_close(LAW.covariance(), covariance, **close)
    fourth = torch.einsum("n,ni,nj->ij", p, deviation**2, deviation**2)
    torch.testing.assert_close(LAW.squared_deviations(), fourth, **close)
    table = p.reshape(len(axis), len(axis)) / 0.03
    torch.testing.assert_close(LAW.marginal(0, axis), table.sum(1), **close)
    torch.testing.assert_close(LAW.marginal(1, axis), table.sum(0), **close)


def test_mean_is_the_closed_form():
    """The mean of t cos t is [t sin t + cos t], of t sin t it is [sin t - t cos t]."""
    low, high = EDGES[0], EDGES[-1]
    x = high * math.sin(high) + math.cos(high) - low * math.sin(low) - math.cos(low)
    y = math.sin(high) - high * math.cos(high) - math.sin(low) + low * math.cos(low)
    expected = torch.tensor([x, y], dtype=torch.float64) / (30 * math.pi)
    torch.testing.assert_close(LAW.mean(), expected, atol=1e-13, rtol=0)


def test_marginal_cdf_is_its_integral():
    ends = torch.tensor([-0.9, -0.2, 0.31, 1.2], dtype=torch.float64)
    below, up_to = LAW.marginal_cdf(ends[:, None].expand(4, 2))
    assert torch.equal(below, up_to)

    def normal(z):
        return math.erfc(-z / math.sqrt(2)) / 2

    for end, row in zip(ends.tolist(), below.tolist(), strict=True):
        for site, turn in enumerate((math.cos, math.sin)):
            expected = spiral_integral(lambda t: normal((end - t * turn(t) / 10) / 0.05))  # noqa: B023
            assert row[site] == pytest.approx(expected, abs=1e-9)


def test_samples_lie_along_the_roll(assert_uniform):
    """Where the noise is small the radius is t, uniform, and so is the angle, modulo 2 pi."""
    x = SwissRoll(noise=1e-3).sample(20_000, torch.Generator().manual_seed(1)).double()
    radius = 10 * x.norm(dim=1)
    assert_uniform(((radius - EDGES[0]) / (3 * math.pi)).clamp(0, 1))
    angle = torch.atan2(x[:, 1], x[:, 0])
    turned = (angle - radius + math.pi) % (2 * math.pi) - math.pi
    assert float(turned.abs().max()) < 6 * 1e-3 / EDGES[0] + 6e-3


def test_a_law_of_one_size_is_refused_another():
    with pytest.raises(UserError, match="got dim=3, expected 2: SwissRoll has no other size"):
        SwissRoll(dim=3)
    with pytest.raises(UserError, match="noise=0"):
        SwissRoll(noise=0.0)
    with pytest.raises(UserError, match="site=2"):
        LAW.marginal(2, torch.zeros(1))
    with pytest.raises(UserError, match=r"expected \(n, 2\)"):
        LAW.score(torch.zeros(1, 3))


def test_diverged_points_get_nan_and_no_crash():
    x_t = torch.tensor([[math.nan, 0.0], [0.5, 0.5]], dtype=torch.float64)
    _, mean = LAW.gaussian_posterior(x_t, torch.ones(2), torch.ones(2))
    assert mean[0].isnan().all() and mean[1].isfinite().all()
