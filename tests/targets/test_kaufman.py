"""Kaufman's partition function against enumeration, transfer matrices and Onsager's lattice."""

import itertools
import math

import pytest
import torch
from scipy.special import ellipk

from truescore.targets.kaufman import bond_moments, log_partition
from truescore.targets.strip import Strip

CRITICAL = math.log(1 + math.sqrt(2)) / 2


def log_z(rows, columns, strength):
    return float(log_partition(rows, columns, torch.tensor(strength, dtype=torch.float64)))


@pytest.mark.parametrize("strength", [0.05, 0.3, CRITICAL, 1.0])
def test_four_by_four_is_its_enumeration(strength):
    x = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=16)), dtype=torch.float64)
    x = x.unflatten(1, (4, 4))
    q = (x * (x.roll(1, 1) + x.roll(1, 2))).sum((1, 2))
    p = (strength * q).softmax(0)
    assert log_z(4, 4, strength) == pytest.approx(float((strength * q).logsumexp(0)), abs=1e-11)
    mean, variance = bond_moments(4, 4, strength)
    assert mean == pytest.approx(float(p @ q), abs=1e-10)
    assert variance == pytest.approx(float(p @ (q - mean) ** 2), abs=1e-9)


@pytest.mark.parametrize("strength", [0.01, 1 / 3, CRITICAL, 1.5, 10.0])
@pytest.mark.parametrize(("rows", "columns"), [(3, 3), (8, 8), (5, 9), (9, 5)])
def test_it_is_that_of_the_transfer_matrix(rows, columns, strength):
    strip = Strip(min(rows, columns), max(rows, columns), strength)
    assert log_z(rows, columns, strength) == pytest.approx(strip.log_normalizer, rel=1e-11)
    mean, variance = bond_moments(rows, columns, strength)
    assert mean == pytest.approx(strip.bond_moments[0], rel=1e-8)
    assert variance == pytest.approx(strip.bond_moments[1], rel=1e-6, abs=1e-9)


def onsager(strength):
    """E[Q] per site of the infinite lattice. Onsager 1944, Phys. Rev. 65, 117."""
    k = 2 * math.sinh(2 * strength) / math.cosh(2 * strength) ** 2
    root = 2 * math.tanh(2 * strength) ** 2 - 1
    return (1 + 2 / math.pi * root * ellipk(k**2)) / math.tanh(2 * strength)


@pytest.mark.parametrize("strength", [0.25, 1 / 3, 0.6])
def test_a_large_torus_has_onsagers_energy(strength):
    """What 64 sites leave falls as exp(-64/xi), and xi is below 3."""
    mean, _ = bond_moments(64, 64, strength)
    assert mean / 64**2 == pytest.approx(onsager(strength), rel=1e-8)


def test_at_its_critical_point_the_energy_is_that_of_ferdinand_and_fisher():
    """E[Q]/d = sqrt(2) + 2 abc/((a + b + c) L), a, b, c the theta functions of q = exp(-pi)."""
    k = range(-5, 6)
    a = sum(math.exp(-math.pi * (n + 0.5) ** 2) for n in k)
    b = sum(math.exp(-math.pi * n**2) for n in k)
    c = sum((-1) ** n * math.exp(-math.pi * n**2) for n in k)
    for side in (32, 64):
        mean, _ = bond_moments(side, side, CRITICAL)
        excess = (mean / side**2 - math.sqrt(2)) * side
        assert excess == pytest.approx(2 * a * b * c / (a + b + c), rel=1e-3)
