"""A coupling for every bond: the log-odds of a law of pairs."""

import itertools

import pytest
import torch

from truescore.errors import UserError
from truescore.nets import Couplings
from truescore.nets.couplings import lattice_bonds


def network(**arguments):
    net = Couplings(9, lattice=[3, 3], **arguments)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        net.strengths.copy_(torch.randn(net.strengths.shape, generator=generator))
    return net.double()


@pytest.mark.parametrize("all_pairs", [False, True])
@torch.inference_mode()
def test_logits_are_differences_of_the_law_of_pairs(all_pairs):
    net = network(all_pairs=all_pairs)
    x = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=9))).double()
    first, second = net.bonds
    log_p = (x[:, first] * x[:, second]) @ net.strengths
    logits = net(x, torch.zeros(len(x)))
    for site in range(9):
        place = 2 ** (8 - site)  # of the site's bit in the number of a row
        up = x[:, site] > 0
        down = torch.arange(len(x))[up] - place
        torch.testing.assert_close(logits[up, site], log_p[up] - log_p[down])


def test_bonds_of_lattices():
    ring = {tuple(bond) for bond in lattice_bonds([5]).mT.tolist()}
    assert ring == {(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)}
    torus = lattice_bonds([3, 4])
    assert torus.shape == (2, 24)
    assert torus.unique(dim=1).shape == (2, 24)
    assert (torus.flatten().bincount() == 4).all()
    assert Couplings(10, [10], all_pairs=True).strengths.shape == (45,)


def test_lattices_that_do_not_fit_are_refused():
    with pytest.raises(UserError, match=r"got lattice=\[3, 3\] for 8 sites"):
        Couplings(8, lattice=[3, 3])
    with pytest.raises(UserError, match="at least 3"):
        Couplings(10, lattice=[2, 5])
    with pytest.raises(UserError, match="reshape the spins"):
        network()(torch.ones(2, 8), torch.zeros(2))
