"""What is followed along a simulation has the exact values it claims."""

import pytest
import torch

from truescore.simulate.quantities import quantities
from truescore.targets import GaussianMixture, GinzburgLandauChain, IsingRing, NearestNeighbourChain


def quartic(boundary):
    return NearestNeighbourChain(
        5,
        site_potential=lambda x, i: x**4 / 4 - 0.3 * x + 0.1 * i * x**2,
        bond_potential=lambda x, y, i: (0.5 + 0.1 * i) * (x - y) ** 2,
        boundary=boundary,
        interval=(-4.0, 4.0),
        boundary_value=0.7,
    )


MIXTURE = GaussianMixture(
    torch.tensor([0.3, 0.7]),
    torch.tensor([[2.0, 0.0, 1.0], [-1.0, 0.5, 0.0]]),
    torch.eye(3).expand(2, 3, 3),
)
LAWS = {
    "wells": GinzburgLandauChain(6),
    "open": quartic("open"),
    "periodic": quartic("periodic"),
    "fixed": quartic("fixed"),
    "ring": IsingRing(8),
    "mixture": MIXTURE,
}


@pytest.mark.parametrize("name", LAWS)
def test_exact_values_are_those_of_exact_samples(name, assert_mean):
    """False-alarm rate 8e-11 for each of about 25 numbers.

    A wrong value is found from 6.5 standard errors, 5 % of the quantity's standard deviation.
    """
    x = LAWS[name].sample(20_000, torch.Generator().manual_seed(0))
    for quantity in quantities(LAWS[name]):
        values = quantity.values(x)
        assert values.shape == (len(x),) and values.dtype == torch.float64
        if quantity.exact is not None:
            assert_mean(values, quantity.exact)


def test_a_step_shows_in_the_energies_of_reals_alone():
    assert [q.name for q in quantities(LAWS["wells"]) if q.energy] == [
        "energy_per_site",
        "bond_energy",
    ]
    assert not any(q.energy for q in quantities(LAWS["ring"]))
