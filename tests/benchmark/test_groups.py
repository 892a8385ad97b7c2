"""Each group at a tiny size; the ways that are compared do the same thing."""

import math

import numpy as np
import pytest
import torch

from truescore.benchmark import Settings, limits, simulate
from truescore.targets import GinzburgLandauChain, IsingRing

SETTINGS = Settings(("machine",))


def check(rows, group):
    rows = list(rows)
    assert rows and all(row.group == group for row in rows)
    for row in rows:
        if row.spread is not None:
            assert 0 < row.spread.low <= row.spread.median <= row.spread.high < math.inf
        else:
            assert row.note
    return rows


def test_the_machine():
    check(limits.measure(SETTINGS, size=32, entries=2**12, rounds=2), "machine")
    assert limits.machine(SETTINGS)["threads"] == 1


def test_simulate():
    rows = simulate.measure(SETTINGS, dims=(16,), chains=20, sweeps=2, rounds=2, n_exact=50)
    cases = {row.case for row in check(rows, "simulate")}
    assert cases == {"Glauber, d = 16", "samples, d = 16", "Langevin, d = 8", "Langevin, d = 32"}


def test_the_documents_glauber_leaves_the_law_as_it_is(assert_mean):
    ring = IsingRing(4)
    generator = torch.Generator().manual_seed(0)
    x = ring.sample(20_000, generator)
    moved = simulate.document_glauber(ring, x, 12, generator)
    assert (moved != x).any()
    assert_mean(moved[:, 0] * moved[:, 1], ring.covariance()[0, 1])


def test_numpys_glauber_leaves_the_law_as_it_is(assert_mean):
    ring, random = IsingRing(4), np.random.default_rng(0)
    x = np.ones(4)
    draws = [simulate.numpy_glauber(x, 400, random).copy() for _ in range(2000)]
    pairs = torch.tensor(np.array(draws))
    assert_mean(pairs[:, 0] * pairs[:, 1], ring.covariance()[0, 1])


@pytest.mark.parametrize("dim", [2, 5])
def test_numpys_chain_is_pushed_by_the_gradient(dim):
    """The mean move over a step is dt times the force, but for the kicks of many equal chains."""
    law = GinzburgLandauChain(dim, simulate.GL_LAM, simulate.GL_TEMPERATURE)
    x = torch.linspace(-1, 2, dim, dtype=torch.float64).expand(2, -1)
    still = type("Still", (), {"standard_normal": staticmethod(np.zeros)})()
    moved = torch.from_numpy(simulate.numpy_langevin(x.numpy(), 1, still))
    expected = simulate.DT * law.temperature * law.score(x)
    torch.testing.assert_close(moved - x, expected, rtol=1e-9, atol=1e-12)
