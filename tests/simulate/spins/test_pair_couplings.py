"""Arrays of couplings give the energies of the laws that they are of."""

import numpy as np
import pytest

from truescore.errors import UserError
from truescore.simulate.spins import couplings_of_bonds, pair_couplings
from truescore.targets import (
    GinzburgLandauChain,
    IsingChain,
    IsingRing,
    IsingTorus,
    NearestNeighbourChain,
)

from .conftest import Enumerated


def energy(law, x):
    """As the docstring of ``PairCouplings`` has it."""
    pairs = law.couplings * x[:, :, None] * x[:, law.neighbours]
    return -pairs.sum((1, 2)) / 2 - x @ law.fields


def chain(boundary):
    """Potentials that are not written as pairs: any two spins have some."""
    return NearestNeighbourChain(
        5,
        site_potential=lambda x, i: (0.25 + 0.125 * i) * x.exp(),
        bond_potential=lambda x, y, i: (x + 0.5 * y - 0.25 * i) ** 3,
        boundary=boundary,
        temperature=1.7,
        boundary_value=0.6,
    )


LAWS = [
    IsingRing(6, -0.7, 1.3),
    IsingTorus(3, 4, 0.6, 1.7),
    IsingChain(5, [0.3, -0.8, 1.1, 0.2], [0.1, 0.0, -0.4, 0.7, 0.2]),
    *map(chain, ("open", "periodic", "fixed")),
]


@pytest.mark.parametrize("law", LAWS)
def test_energies_are_the_laws_up_to_a_constant(law):
    couplings = pair_couplings(law)
    x = Enumerated(couplings, None).states
    difference = law.energy(x).numpy() - energy(couplings, x.numpy())
    np.testing.assert_allclose(difference, difference[0], atol=1e-12)


def test_few_laws_agree_with_their_energies(few):
    difference = few.energy(few.states).numpy() - energy(few.law, few.states.numpy())
    np.testing.assert_allclose(difference, difference[0], atol=1e-12)


def test_a_ring_has_its_coupling_on_either_side():
    law = pair_couplings(IsingRing(5, 0.7, 0.5))
    assert [sorted(row) for row in law.neighbours.tolist()] == [
        sorted([(i - 1) % 5, (i + 1) % 5]) for i in range(5)
    ]
    np.testing.assert_allclose(law.couplings, 0.7, rtol=1e-15)
    assert not law.fields.any() and law.temperature == 0.5


def test_sites_of_fewer_neighbours_have_themselves_without_a_coupling():
    law = couplings_of_bonds(np.array([[2, 0], [2, 1]]), np.array([0.5, 2.0]), np.zeros(4), 1.0)
    assert law.neighbours.tolist() == [[2, 0], [2, 1], [0, 1], [3, 3]]
    assert law.couplings.tolist() == [[0.5, 0], [2, 0], [0.5, 2], [0, 0]]


def test_other_laws_are_refused():
    with pytest.raises(UserError, match="got GinzburgLandauChain, whose couplings are not known"):
        pair_couplings(GinzburgLandauChain(4))
