"""Laws of a few spins, whose states can all be written down."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from truescore.simulate.spins import PairCouplings, couplings_of_bonds, pair_couplings
from truescore.targets import IsingRing, NearestNeighbourChain


@dataclass(frozen=True)
class Enumerated:
    """Couplings, and the probability of every state by an energy written out on its own."""

    law: PairCouplings
    energy: object

    @property
    def states(self):
        """All states, ``(2^d, d)``; state k is the binary number k, first spin first."""
        states = list(itertools.product((-1.0, 1.0), repeat=self.law.dim))
        return torch.tensor(states, dtype=torch.float64)

    @property
    def probabilities(self):
        """Of all states, ``(2^d,)``."""
        return (-self.energy(self.states) / self.law.temperature).softmax(0)

    def sample(self, n, generator):
        """Exact samples."""
        drawn = torch.multinomial(self.probabilities, n, replacement=True, generator=generator)
        return self.states[drawn]


def index(x):
    """The number of every row's state."""
    return ((x > 0).long() * 2 ** torch.arange(x.shape[1] - 1, -1, -1)).sum(1)


def ring(dim, coupling, temperature):
    law = IsingRing(dim, coupling, temperature)
    return Enumerated(pair_couplings(law), law.energy)


def open_chain():
    """Couplings of both signs, and fields."""
    strengths, fields = torch.tensor([0.9, -0.4, 0.7]), torch.tensor([0.3, 0.0, -0.5, 0.2])
    law = NearestNeighbourChain(
        4,
        site_potential=lambda x, i: -fields[i] * x,
        bond_potential=lambda x, y, i: -strengths[i] * x * y,
        temperature=0.8,
    )
    return Enumerated(pair_couplings(law), law.energy)


def torus(side, coupling, field, temperature):
    sites = np.arange(side**2).reshape(side, side)
    bonds = np.concatenate(
        [np.stack([sites, np.roll(sites, -1, axis)], -1).reshape(-1, 2) for axis in (0, 1)]
    )
    fields = np.full(side**2, field)

    def energy(x):
        grid = x.reshape(-1, side, side)
        pairs = grid * (grid.roll(-1, 1) + grid.roll(-1, 2))
        return -coupling * pairs.sum((1, 2)) - field * x.sum(1)

    return Enumerated(
        couplings_of_bonds(bonds, np.full(len(bonds), coupling), fields, temperature), energy
    )


FEW = {
    "ring": lambda: ring(4, 1.0, 1.3),
    "odd antiferromagnet": lambda: ring(5, -0.8, 0.9),
    "open chain with fields": open_chain,
    "torus of side 2": lambda: torus(2, 0.3, 0.1, 1.0),
}


@pytest.fixture(params=FEW.values(), ids=FEW.keys())
def few(request):
    """A law of 4 or 5 spins."""
    return request.param()


@pytest.fixture(scope="module")
def grid():
    """A torus of 16 spins in a small field, a little above the temperature of the plane."""
    return torus(4, 1.0, 0.05, 2.8)
