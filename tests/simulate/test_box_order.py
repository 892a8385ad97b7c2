"""Stationary averages in a box, without Monte Carlo: both rules converge, rejection faster.

As in test_bias_order.py, with the noise integrated by Gauss and Legendre's rule on the pieces
between which a step crosses a wall: what a rule does is smooth on each.
"""

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline, make_interp_spline

from truescore.simulate import Box, EulerMaruyama, Strang, TamedEuler
from truescore.simulate.integrator import Integrator
from truescore.targets import GinzburgLandauChain

WALL, REACH = 0.8, 7.0
GRID = np.linspace(-WALL, WALL, 121)
NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)


class OneSite(GinzburgLandauChain):
    """V = 4 lam x^2 + (1 - x^2)^2 / (4 lam), on the line or in the box; at the wall it has a force.

    The force of the bonds at the wall, 3.2, is more than that of the well, 0.6, inwards.
    """

    def __init__(self):
        self.dim, self.lam, self.temperature, self.state_space = 1, 0.5, 1.0, "real"

    def energy(self, x):
        return (4 * self.lam * x**2 + (1 - x**2) ** 2 / (4 * self.lam)).sum(-1)

    def covariance(self):
        return torch.eye(1, dtype=torch.float64)


def boxed_second_moment():
    """E[x^2] of the law in the box."""
    x = torch.from_numpy(WALL * NODES)
    weight = torch.from_numpy(WEIGHTS) * (-OneSite().energy(x[:, None])).exp()
    return float(weight @ x**2 / weight.sum())


def crossing(integrator, x, wall, monkeypatch):
    """The noise that carries each point of a grid to a wall, within reach; steps rise with it."""
    low, high = torch.full_like(x, -REACH), torch.full_like(x, REACH)
    for _ in range(50):
        middle = (low + high) / 2
        monkeypatch.setattr(Integrator, "noise", lambda *_, z=middle: z)
        beyond = integrator.step(x, torch.Generator()) > wall
        low, high = torch.where(beyond, low, middle), torch.where(beyond, middle, high)
    return (low + high) / 2


def stationary_second_moment(integrator, rule, monkeypatch):
    """E[x^2] of what a box around the integrator carries."""
    x = torch.from_numpy(GRID)[:, None]
    ends = [torch.full_like(x, -REACH)]
    ends += [crossing(integrator, x, wall, monkeypatch) for wall in (-WALL, WALL)]
    ends.append(torch.full_like(x, REACH))
    nodes, weights = torch.from_numpy(NODES), torch.from_numpy(WEIGHTS)
    pieces = list(zip(ends, ends[1:], strict=False))
    z = torch.cat([(a + b) / 2 + (b - a) / 2 * nodes for a, b in pieces], 1)
    weight = torch.cat([(b - a) / 2 * weights for a, b in pieces], 1) * (-(z**2) / 2).exp()
    weight = (weight / weight.sum(1, keepdim=True)).numpy()
    monkeypatch.setattr(Integrator, "noise", lambda *_: z.reshape(-1, 1))
    start = x.repeat_interleave(z.shape[1], 0)
    moved = Box(integrator, WALL, rule).step(start, torch.Generator()).numpy()
    assert np.abs(moved).max() <= WALL
    knots = make_interp_spline(GRID, GRID, 5).t
    values = BSpline.design_matrix(GRID, knots, 5).toarray()
    basis = BSpline.design_matrix(moved[:, 0], knots, 5).toarray().reshape(*z.shape, -1)
    operator = np.linalg.solve(values.T, np.einsum("gk,gkb->gb", weight, basis).T).T
    # The stationary law is a left eigenvector with total weight 1.
    equations = np.vstack([operator.T - np.eye(len(GRID)), np.ones(len(GRID))])
    law = np.linalg.lstsq(equations, np.eye(len(GRID) + 1)[-1])[0]
    return law @ GRID**2


def errors(kind, rule, steps, monkeypatch):
    """Relative, of E[x^2]."""
    exact = boxed_second_moment()
    return np.array(
        [
            stationary_second_moment(kind(OneSite(), dt), rule, monkeypatch) / exact - 1
            for dt in steps
        ]
    )


@pytest.mark.parametrize("kind", [EulerMaruyama, TamedEuler, Strang])
def test_mirrors_converge_at_order_one(kind, monkeypatch):
    """And no better around a splitting of order two: its bonds and wells do not see the wall."""
    steps = [0.01, 0.02, 0.04]
    off = errors(kind, "reflecting", steps, monkeypatch)
    slope, _ = np.polyfit(np.log(steps), np.log(np.abs(off)), 1)
    assert slope == pytest.approx(1, abs=0.4)
    assert abs(off[0]) < 0.03


@pytest.mark.parametrize(("kind", "expected"), [(EulerMaruyama, 1), (Strang, 2)])
def test_rejection_keeps_the_order_and_is_ten_times_as_close(kind, expected, monkeypatch):
    steps = [0.0025, 0.005, 0.01]
    off = errors(kind, "rejecting", steps, monkeypatch)
    assert np.log2(off[1] / off[0]) == pytest.approx(expected, abs=0.4)
    assert np.abs(off[2] / errors(kind, "reflecting", steps[2:], monkeypatch)) < 0.1
