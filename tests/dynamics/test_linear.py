"""Brownian motion and Ornstein-Uhlenbeck: exact laws, families, and what is refused."""

import math

import pytest
import torch

from truescore.dynamics import (
    BrownianMotion,
    EulerMaruyama,
    Exact,
    GeometricBrownianMotion,
    Heun,
    OrnsteinUhlenbeck,
    simulate,
)
from truescore.errors import UserError


@pytest.mark.parametrize("dynamics", [BrownianMotion(0.7), OrnsteinUhlenbeck(1.3, 0.7)])
def test_transitions_compose(dynamics):
    """Two steps are one step of their sum: Chapman and Kolmogorov."""
    (a, v), (b, w), (c, u) = (dynamics.transition(t) for t in (0.4, 1.1, 1.5))
    assert a * b == pytest.approx(c, rel=1e-14)
    assert math.hypot(b * v, w) == pytest.approx(u, rel=1e-14)


def test_the_transition_solves_the_moment_equations():
    """d decay/dt = -theta decay, d spread^2/dt = -2 theta spread^2 + sigma^2, by differences."""
    theta, sigma, t, h = 1.3, 0.7, 0.8, 1e-4
    low, middle, high = (OrnsteinUhlenbeck(theta, sigma).transition(u) for u in (t - h, t, t + h))
    slope = (high[0] - low[0]) / (2 * h)
    assert slope == pytest.approx(-theta * middle[0], abs=1e-7)
    slope = (high[1] ** 2 - low[1] ** 2) / (2 * h)
    assert slope == pytest.approx(sigma**2 - 2 * theta * middle[1] ** 2, abs=1e-7)


def test_ornstein_uhlenbeck_is_brownian_motion_at_first_and_stationary_at_last():
    dynamics = OrnsteinUhlenbeck(0.5, 2.0)
    decay, spread = dynamics.transition(1e-12)
    assert (decay, spread) == pytest.approx(BrownianMotion(2.0).transition(1e-12), rel=1e-11)
    decay, spread = dynamics.transition(100.0)
    assert (decay, spread**2) == pytest.approx((0, dynamics.stationary_variance), abs=1e-12)
    assert dynamics.stationary_variance == 4.0


@pytest.mark.parametrize(
    ("integrator", "steps", "slack"), [(Exact(), 3, 0), (EulerMaruyama(), 400, 0.003)]
)
@pytest.mark.parametrize("dynamics", [BrownianMotion(0.7), OrnsteinUhlenbeck(1.3, 0.7)])
def test_simulated_moments_are_those_of_the_transition(
    dynamics, integrator, steps, slack, assert_mean
):
    x_0 = torch.full((20_000, 1), 1.5, dtype=torch.float64)
    times = torch.linspace(0, 1.2, steps + 1, dtype=torch.float64)
    x = simulate(dynamics, integrator, x_0, times, torch.Generator().manual_seed(0))
    decay, spread = dynamics.transition(1.2)
    assert_mean(x, decay * 1.5, slack=slack)
    assert_mean((x - decay * 1.5) ** 2, spread**2, slack=slack)


def test_the_stationary_law_stays(assert_mean):
    dynamics = OrnsteinUhlenbeck(1.3, 0.7)
    generator = torch.Generator().manual_seed(1)
    x_0 = torch.randn(20_000, 1, dtype=torch.float64, generator=generator)
    x_0 *= dynamics.stationary_variance**0.5
    times = torch.linspace(0, 2, 4, dtype=torch.float64)
    x = simulate(dynamics, Exact(), x_0, times, generator)
    assert_mean(x**2, dynamics.stationary_variance)
    assert_mean(x * x_0, dynamics.stationary_variance * math.exp(-1.3 * 2))


@pytest.mark.parametrize("integrator", [Exact(), EulerMaruyama(), Heun()])
def test_families_at_fixed_diffusion_coincide_in_their_own_time(integrator):
    """Same D and same noise: the paths over theta t are the same paths."""
    x_0 = torch.tensor([[-2.0], [0.0], [3.0]], dtype=torch.float64)
    own_time = torch.linspace(0, 3, 61, dtype=torch.float64)
    paths = []
    for theta in (0.25, 1.0, 4.0):
        dynamics = OrnsteinUhlenbeck(theta, sigma=math.sqrt(2 * theta * 0.8))
        assert dynamics.stationary_variance == pytest.approx(0.8)
        generator = torch.Generator().manual_seed(2)
        paths.append(simulate(dynamics, integrator, x_0, own_time / theta, generator, True))
    torch.testing.assert_close(paths[1], paths[0], atol=1e-12, rtol=0)
    torch.testing.assert_close(paths[2], paths[0], atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BrownianMotion(0.0), "got sigma=0, expected a number > 0"),
        (lambda: OrnsteinUhlenbeck(-1.0, 1.0), "got theta=-1"),
        (lambda: OrnsteinUhlenbeck(1.0, float("nan")), "got sigma=nan"),
        (lambda: GeometricBrownianMotion(0.1, -0.2), "got sigma=-0.2"),
    ],
)
def test_impossible_parameters_are_refused(make, message):
    with pytest.raises(UserError, match=message):
        make()
