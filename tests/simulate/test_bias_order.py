"""Stationary averages of each integrator, without Monte Carlo: errors of its order in dt.

For one site the step is a transfer operator on functions of x: the noise is integrated by Gauss and
Hermite's rule, functions are quintic splines on a grid, and the stationary law is the operator's
left eigenvector.
"""

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline, make_interp_spline

from truescore.simulate import EulerMaruyama, LeimkuhlerMatthews, Strang, TamedEuler
from truescore.simulate.integrator import Integrator
from truescore.targets import GinzburgLandauChain

GRID = np.linspace(-3.5, 3.5, 281)
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


class OneSite(GinzburgLandauChain):
    """A chain of one site, V = 4 lam x^2 + (1 - x^2)^2 / (4 lam)."""

    def __init__(self, lam=0.5, temperature=1.0):
        self.dim, self.lam, self.temperature, self.state_space = 1, lam, temperature, "real"

    def energy(self, x):
        return (4 * self.lam * x**2 + (1 - x**2) ** 2 / (4 * self.lam)).sum(-1)

    def covariance(self):
        x = torch.linspace(-5, 5, 2001, dtype=torch.float64)
        weight = (-self.energy(x[:, None]) / self.temperature).softmax(0)
        return (weight @ x**2)[None, None]


class OneGaussian(OneSite):
    """V = k x^2 / 2."""

    curvature = 3.0

    def energy(self, x):
        return self.curvature / 2 * (x**2).sum(-1)


def stationary_second_moment(integrator, monkeypatch):
    """E[x^2] of what the integrator puts out."""
    x = torch.from_numpy(np.repeat(GRID, len(NODES)))[:, None]
    z = torch.from_numpy(np.tile(NODES, len(GRID)))[:, None]
    monkeypatch.setattr(Integrator, "noise", lambda *_: z)
    moved = integrator.step(x, torch.Generator()).numpy().clip(GRID[0], GRID[-1])
    knots = make_interp_spline(GRID, GRID, 5).t
    values = BSpline.design_matrix(GRID, knots, 5).toarray()
    basis = BSpline.design_matrix(moved[:, 0], knots, 5).toarray()
    averaged = np.einsum("k,gkb->gb", WEIGHTS, basis.reshape(len(GRID), len(NODES), -1))
    operator = np.linalg.solve(values.T, averaged.T).T
    # The stationary law is a left eigenvector with total weight 1.
    equations = np.vstack([operator.T - np.eye(len(GRID)), np.ones(len(GRID))])
    law = np.linalg.lstsq(equations, np.eye(len(GRID) + 1)[-1])[0]
    seen = integrator.output(x, torch.Generator()).numpy().reshape(len(GRID), -1)
    return law @ (seen**2) @ WEIGHTS


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(EulerMaruyama, 1), (TamedEuler, 1), (LeimkuhlerMatthews, 2), (Strang, 2)],
)
def test_stationary_second_moment_converges_at_the_integrators_order(kind, expected, monkeypatch):
    law, steps = OneSite(), [0.01, 0.02, 0.04]
    exact = float(law.covariance())
    errors = [stationary_second_moment(kind(law, dt), monkeypatch) - exact for dt in steps]
    slope, _ = np.polyfit(np.log(steps), np.log(np.abs(errors)), 1)
    assert slope == pytest.approx(expected, abs=0.4)
    assert abs(errors[0]) < 0.05 * exact


def test_order_two_is_closer_than_order_one_at_four_times_the_step(monkeypatch):
    law = OneSite()
    exact = float(law.covariance())

    def error(kind, dt):
        return abs(stationary_second_moment(kind(law, dt), monkeypatch) - exact)

    for better in (LeimkuhlerMatthews, Strang):
        assert error(better, 0.04) < error(EulerMaruyama, 0.01)


@pytest.mark.parametrize("dt", [0.01, 0.1, 0.3])
def test_variance_of_a_gaussian_is_the_known_one(dt, monkeypatch):
    """Euler-Maruyama: T / (k (1 - k dt/2)); Leimkuhler-Matthews: T/k whatever dt is."""
    law = OneGaussian(temperature=0.4)
    k, temperature = law.curvature, law.temperature
    euler = stationary_second_moment(EulerMaruyama(law, dt), monkeypatch)
    assert euler == pytest.approx(temperature / (k * (1 - k * dt / 2)), rel=1e-6)
    averaged = stationary_second_moment(LeimkuhlerMatthews(law, dt), monkeypatch)
    assert averaged == pytest.approx(temperature / k, rel=1e-6)


def test_carried_points_of_leimkuhler_matthews_are_only_of_order_one(monkeypatch):
    """So a caller who forgets ``output`` would lose an order."""
    law = OneGaussian(temperature=0.4)
    monkeypatch.setattr(LeimkuhlerMatthews, "output", Integrator.output)
    carried = stationary_second_moment(LeimkuhlerMatthews(law, 0.1), monkeypatch)
    expected = law.temperature / law.curvature - law.temperature * 0.1 / 2
    assert carried == pytest.approx(expected, rel=1e-6)
