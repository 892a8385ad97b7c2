"""The two flows of the splitting beside what they solve."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from truescore.errors import UserError
from truescore.simulate import Strang, elastic_preconditioner, sine_modes, well_flow
from truescore.simulate.integrator import Integrator
from truescore.targets import GinzburgLandauChain, NearestNeighbourChain

CHAIN = GinzburgLandauChain(8)


@pytest.mark.parametrize("time", [0.002, 0.05, 0.5])
def test_well_flow_solves_its_equation(time):
    start = np.array([-7.0, -1.0, -0.3, 0.0, 1e-6, 0.8, 2.5])
    solution = solve_ivp(
        lambda _, x: x * (1 - x**2) / 0.03,
        (0, time),
        start,
        method="DOP853",
        rtol=1e-12,
        atol=1e-15,
    )
    flowed = well_flow(torch.from_numpy(start), time, 0.03)
    np.testing.assert_allclose(flowed, solution.y[:, -1], rtol=1e-8, atol=1e-12)


def test_well_flow_never_overflows():
    x = torch.tensor([-1e150, 0.0, 1e10], dtype=torch.float64)
    assert well_flow(x, 1e4, 0.03).tolist() == [-1.0, 0.0, 1.0]


def test_sine_modes_diagonalise_the_elastic_energy():
    dim, lam, stiffness = 5, 0.2, 0.2 * 36
    ones = torch.ones(dim - 1, dtype=torch.float64)
    laplacian = 2 * torch.eye(dim, dtype=torch.float64) - ones.diag(1) - ones.diag(-1)
    curvatures, modes = sine_modes(dim, lam)
    torch.testing.assert_close((modes * curvatures) @ modes.mT, stiffness * laplacian)
    inverse = elastic_preconditioner(GinzburgLandauChain(dim, lam)) @ (stiffness * laplacian)
    torch.testing.assert_close(inverse, torch.eye(dim, dtype=torch.float64))


def test_without_noise_a_small_step_follows_the_force(monkeypatch):
    """To O(dt^2): the sine modes, the stiffness and the wells are those of the law."""
    monkeypatch.setattr(Integrator, "noise", lambda _, x, __: 0 * x)
    x = CHAIN.sample(20, torch.Generator().manual_seed(1)).double()
    force = CHAIN.temperature * CHAIN.score(x)
    errors = [
        float(((Strang(CHAIN, dt).step(x, torch.Generator()) - x) / dt - force).norm())
        for dt in (1e-6, 2e-6)
    ]
    assert errors[1] / errors[0] == pytest.approx(2, abs=0.1)
    assert errors[0] < 1e-3 * float(force.norm())


def test_bonds_alone_have_their_gaussian_as_stationary_law(monkeypatch):
    """With wells left out, one step of any length keeps the covariance T A^-1."""
    monkeypatch.setattr("truescore.simulate.strang.well_flow", lambda x, *_: x)
    integrator, zero = Strang(CHAIN, 0.3), torch.zeros(8, 8, dtype=torch.float64)
    eye = torch.eye(8, dtype=torch.float64)
    monkeypatch.setattr(Integrator, "noise", lambda *_: zero)
    carried = integrator.step(eye, torch.Generator()).mT
    monkeypatch.setattr(Integrator, "noise", lambda *_: eye)
    kick = integrator.step(zero, torch.Generator()).mT
    covariance = CHAIN.temperature * elastic_preconditioner(CHAIN)
    torch.testing.assert_close(carried @ covariance @ carried.mT + kick @ kick.mT, covariance)


def test_other_laws_are_refused():
    law = NearestNeighbourChain(
        2, lambda x, _: x**2, lambda x, y, _: (x - y) ** 2, interval=(-9.0, 9.0)
    )
    with pytest.raises(UserError, match="splits a GinzburgLandauChain only"):
        Strang(law, 0.1)
