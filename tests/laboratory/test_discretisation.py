"""What the steps cost, against closed forms and orders."""

import math

import pytest
import torch

from truescore.dynamics import (
    EulerMaruyama,
    Exact,
    Heun,
    OrnsteinUhlenbeck,
    OverdampedLangevin,
    ProbabilityFlow,
)
from truescore.laboratory.discretisation import strong_error, weak_error
from truescore.targets import SymmetricMixture

OU = OrnsteinUhlenbeck(theta=1.2, sigma=0.8)
LAW = SymmetricMixture(radius=1.0, scale=0.6)
X_0 = torch.randn(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def grid(steps):
    return torch.linspace(0, 1, steps + 1, dtype=torch.float64)


def test_the_weak_error_of_euler_maruyama_is_a_power():
    error = weak_error(OU, EulerMaruyama(), grid(10))
    assert error is not None
    assert error["decay"] == pytest.approx(0.88**10 - math.exp(-1.2), rel=1e-10)
    chain = 0.1 * 0.64 * (1 - 0.88**20) / (1 - 0.88**2)
    assert error["variance"] == pytest.approx(chain - OU.transition(1.0)[1] ** 2, rel=1e-10)
    exact = weak_error(OU, Exact(), grid(10))
    assert exact == {"decay": pytest.approx(0, abs=1e-14), "variance": pytest.approx(0, abs=1e-14)}


def test_other_dynamics_have_no_closed_form():
    assert weak_error(OverdampedLangevin(LAW, 1.0), EulerMaruyama(), grid(10)) is None
    assert strong_error(OU, Exact(), X_0, grid(10), torch.Generator()) is None


@pytest.mark.parametrize(
    ("dynamics", "integrator", "ratio"),
    [
        (OU, EulerMaruyama(), 2),
        (OverdampedLangevin(LAW, 1.0), EulerMaruyama(), 2),
        (ProbabilityFlow(LAW, 1.0, 1.0), EulerMaruyama(), 2),
        (ProbabilityFlow(LAW, 1.0, 1.0), Heun(), 4),
    ],
)
def test_the_strong_error_falls_at_its_order(dynamics, integrator, ratio):
    """Additive noise: order 1; a flow: the order of the rule."""
    errors = [
        strong_error(dynamics, integrator, X_0, grid(n), torch.Generator().manual_seed(1))
        for n in (20, 40)
    ]
    assert errors[0]["rms"] / errors[1]["rms"] == pytest.approx(ratio, rel=0.3)
    assert errors[0]["n"] == 50
