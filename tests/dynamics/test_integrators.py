"""Orders of convergence, measured: strong ones on shared paths, weak ones without Monte Carlo."""

import math

import numpy as np
import pytest
import torch

from truescore.dynamics import (
    ODE,
    BrownianMotion,
    Euler,
    EulerMaruyama,
    Exact,
    GeometricBrownianMotion,
    Heun,
    Milstein,
    OrnsteinUhlenbeck,
    OverdampedLangevin,
    brownian_increments,
    coarsened,
    integrate,
    simulate,
)
from truescore.errors import UserError
from truescore.targets import GaussianMixture

GROWTH = GeometricBrownianMotion(mu=0.5, sigma=0.8)
START = 1.3


def grid(steps, end=1.0):
    return torch.linspace(0, end, steps + 1, dtype=torch.float64)


@pytest.fixture(scope="module")
def growth():
    """Starts, increments over 1,024 steps, and the exact ends of the paths they belong to."""
    x_0 = torch.full((2_000, 1), START, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    increments = torch.stack(list(brownian_increments(x_0, grid(1024), generator)))
    return x_0, increments, GROWTH.solution(x_0, 1.0, increments.sum(0))


@pytest.mark.parametrize(
    ("integrator", "expected"), [(EulerMaruyama(), 0.5), (Milstein(), 1.0), (Heun(), 1.0)]
)
def test_strong_order_on_shared_paths(growth, integrator, expected, order):
    x_0, increments, exact = growth
    steps, errors = [32, 64, 128, 256], []
    for n in steps:
        shared = coarsened(increments, 1024 // n)
        end = integrate(GROWTH, integrator, x_0, grid(n), shared)
        errors.append(float((end - exact).abs().mean()))
    assert order(steps, errors) == pytest.approx(expected, abs=0.2)


def expected_growth(integrator, steps, power):
    """E[X_1^power]: a step multiplies x by a polynomial in dW, averaged by Gauss-Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    increments = torch.from_numpy(nodes)[:, None] / steps**0.5
    t, s = torch.zeros(()).double(), torch.ones(()).double() / steps
    factor = integrator.step(GROWTH, torch.ones_like(increments), t, s, increments)
    mean = factor[:, 0] ** power @ torch.from_numpy(weights) / math.sqrt(2 * math.pi)
    return START**power * float(mean) ** steps


@pytest.mark.parametrize("integrator", [EulerMaruyama(), Milstein(), Heun()])
@pytest.mark.parametrize("power", [1, 2])
def test_weak_order_one_under_multiplicative_noise(integrator, power, order):
    """Ito's mean, not Stratonovich's: exp(mu), and not exp(mu + sigma^2/2)."""
    exponent = power * GROWTH.mu + power * (power - 1) * GROWTH.sigma**2 / 2
    exact, steps = START**power * math.exp(exponent), [50, 100, 200]
    errors = [abs(expected_growth(integrator, n, power) - exact) for n in steps]
    assert order(steps, errors) == pytest.approx(1, abs=0.2)
    assert errors[-1] < 0.01 * exact


def linear_moments(dynamics, integrator, steps):
    """Mean and variance at time 1 from the point 1: a step is A x + G dW with two numbers."""
    x, dw = torch.tensor([[1.0], [0.0]]).double(), torch.tensor([[0.0], [1.0]]).double()
    t, s = torch.zeros(()).double(), torch.ones(()).double() / steps
    a, g = integrator.step(dynamics, x, t, s, dw)[:, 0].tolist()
    mean, variance = 1.0, 0.0
    for _ in range(steps):
        mean, variance = a * mean, a**2 * variance + g**2 / steps
    return mean, variance


@pytest.mark.parametrize(
    ("integrator", "expected"), [(EulerMaruyama(), 1), (Milstein(), 1), (Heun(), 2)]
)
def test_weak_order_under_additive_noise(integrator, expected, order):
    dynamics, steps = OrnsteinUhlenbeck(theta=1.5, sigma=0.7), [20, 40, 80]
    mean, spread = dynamics.transition(1.0)
    moments = [linear_moments(dynamics, integrator, n) for n in steps]
    assert order(steps, [abs(m - mean) for m, _ in moments]) == pytest.approx(expected, abs=0.2)
    variance_errors = [abs(v - spread**2) for _, v in moments]
    assert order(steps, variance_errors) == pytest.approx(expected, abs=0.2)
    assert linear_moments(dynamics, Exact(), 3) == pytest.approx((mean, spread**2), rel=1e-12)


class Logistic(ODE):
    """dx/dt = x (1 - x) cos t, solved by the logistic function of sin t."""

    def drift(self, x, t):
        return x * (1 - x) * t.cos()

    def solution(self, x_0, t):
        return torch.sigmoid(torch.logit(x_0) + math.sin(t))


@pytest.mark.parametrize(
    ("integrator", "expected"), [(Euler(), 1), (EulerMaruyama(), 1), (Milstein(), 1), (Heun(), 2)]
)
def test_order_without_noise(integrator, expected, order):
    x_0 = torch.tensor([[0.1, 0.4], [0.7, 0.9]], dtype=torch.float64)
    exact, steps = Logistic().solution(x_0, 2.0), [20, 40, 80]
    errors = [
        float((simulate(Logistic(), integrator, x_0, grid(n, 2.0)) - exact).norm()) for n in steps
    ]
    assert order(steps, errors) == pytest.approx(expected, abs=0.2)


GAUSSIAN = GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.eye(2)[None])


@pytest.mark.parametrize(
    ("dynamics", "integrator", "message"),
    [
        (BrownianMotion(1.0), Euler(), "got Euler for BrownianMotion, which has noise"),
        (OverdampedLangevin(GAUSSIAN, 1.0), Exact(), "whose transition is not known"),
        (Logistic(), Exact(), "got Exact for Logistic"),
    ],
)
def test_what_an_integrator_cannot_do_is_refused(dynamics, integrator, message):
    with pytest.raises(UserError, match=message):
        simulate(dynamics, integrator, torch.zeros(3, 2), grid(4), torch.Generator())
