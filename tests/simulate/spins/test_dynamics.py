"""How fast chains forget, what decides their bits, and what is refused."""

import math

import numpy as np
import pytest
import torch

from truescore.errors import UserError
from truescore.simulate.spins import (
    CheckerboardGlauber,
    Glauber,
    Metropolis,
    Wolff,
    clusters_per_sweep,
    couplings_of_bonds,
    pair_couplings,
)
from truescore.simulate.spins.checkerboard import two_colours
from truescore.targets import IsingRing

RING = IsingRing(64)
LAW = pair_couplings(RING)
DYNAMICS = [Glauber(LAW), Metropolis(LAW), Wolff(LAW, 9), CheckerboardGlauber(LAW)]
NAMES = [type(d).__name__ for d in DYNAMICS]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def spins(n, dim=64, seed=0):
    return 2.0 * torch.randint(2, (n, dim), generator=generator(seed)) - 1


@pytest.mark.parametrize("temperature", [1.0, 1.8])
def test_glauber_relaxes_at_its_known_rate(temperature, assert_mean):
    """Every spin's mean falls by 1 - (1 - tanh(2J/T)) / d in each update, exactly."""
    law = IsingRing(64, temperature=temperature)
    rate = 1 - math.tanh(2 / temperature)
    dynamics, g = Glauber(pair_couplings(law)), generator(1)
    x = dynamics.start(torch.ones(4000, 64))
    magnetisation = []
    for _ in range(4):
        x = dynamics.run(x, round(0.4 / rate), g)
        time = (len(magnetisation) + 1) * round(0.4 / rate)
        assert_mean(dynamics.output(x, g).mean(1), (1 - rate / 64) ** (64 * time))
        magnetisation.append(float(x.double().mean()))
    slope = np.polyfit(round(0.4 / rate) * np.arange(1, 5), np.log(magnetisation), 1)[0]
    assert -1 / slope == pytest.approx(1 / rate, rel=0.08)


@pytest.mark.parametrize("dynamics", DYNAMICS, ids=NAMES)
def test_equal_seeds_give_equal_bits_on_any_number_of_threads(dynamics):
    x = dynamics.start(spins(200))
    untouched = x.clone()
    first = dynamics.run(x, 3, generator(5))
    try:
        torch.set_num_threads(3)
        second = dynamics.run(x, 3, generator(5))
    finally:
        torch.set_num_threads(1)
    assert torch.equal(first, second)
    assert torch.equal(x, untouched)
    assert not torch.equal(first, dynamics.run(x, 3, generator(6)))
    # Chains of one start go ways of their own.
    same = dynamics.run(dynamics.start(spins(1).expand(200, 64)), 3, generator(5))
    assert len(same.unique(dim=0)) > 190
    assert dynamics.output(first, generator()).dtype == torch.float32


@pytest.mark.parametrize("dynamics", DYNAMICS, ids=NAMES)
def test_no_sweep_changes_nothing(dynamics):
    x = dynamics.start(spins(70))
    assert torch.equal(dynamics.run(x, 0, generator()), x)


@pytest.mark.parametrize("dynamics", DYNAMICS, ids=NAMES)
def test_what_is_no_spin_is_refused(dynamics):
    with pytest.raises(UserError, match="entries that are not spins"):
        dynamics.start(0.5 * spins(3))
    with pytest.raises(UserError, match=r"shape \(3, 8\), expected \(n, 64\)"):
        dynamics.start(spins(3, 8))


def test_a_checkerboard_needs_two_colours():
    with pytest.raises(UserError, match="odd circle of sites.*make the ring even, or use Glauber"):
        CheckerboardGlauber(pair_couplings(IsingRing(7)))
    # A coupling of zero is none, and a site on its own has a colour too.
    bonds = np.array([[0, 1], [1, 2], [2, 0]])
    law = couplings_of_bonds(bonds, np.array([1.0, -1.0, 0.0]), np.zeros(4), 1.0)
    assert two_colours(law).tolist() == [0, 1, 0, 0]


def test_a_sweep_of_clusters_holds_every_spin_once_on_average():
    """A ring so warm that each is alone, so cold that one holds all, and what is between."""
    assert clusters_per_sweep(IsingRing(64, temperature=1e6)) == 64
    assert clusters_per_sweep(IsingRing(64, temperature=0.01)) == 1
    k = math.tanh(1)
    assert clusters_per_sweep(RING) == round(64 * (1 - k) / (1 + k)) == 9
    assert clusters_per_sweep(IsingRing(64, coupling=-1.0)) == 9
