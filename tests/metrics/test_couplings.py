"""Couplings read off exact scores are those of the law, and wrong ones are told apart."""

import math

import pytest
import torch

from truescore.denoisers import SpinDenoiser, oracle
from truescore.errors import UserError
from truescore.metrics import pairwise, read_couplings
from truescore.metrics.couplings import CouplingErrors
from truescore.processes import Absorbing, SpinFlip
from truescore.targets import IsingChain, IsingRing, IsingTorus

CLOSE = {"atol": 1e-9, "rtol": 0}


def points(law, n=400):
    return law.sample(n, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", [SpinFlip, Absorbing])
def test_the_rings_couplings_come_back(kind):
    ring = IsingRing(8, coupling=-0.7, temperature=1.3)
    found = read_couplings(oracle(ring, kind(8)), points(ring), temperature=1.3)
    eye = torch.eye(8, dtype=torch.float64)
    torch.testing.assert_close(found.coupling, -0.7 * (eye.roll(1, 1) + eye.roll(-1, 1)), **CLOSE)
    torch.testing.assert_close(found.field, torch.zeros_like(found.field), **CLOSE)
    assert found.asymmetry < 1e-9 and found.unexplained < 1e-9


def test_couplings_and_fields_of_their_own_come_back():
    coupling, field = [1.0, -0.5, 0.8, 0.3], [0.4, 0.0, -0.3, 0.1, 0.2]
    chain = IsingChain(5, coupling, field, temperature=0.9)
    found = read_couplings(oracle(chain, SpinFlip(5)), points(chain), temperature=0.9)
    torch.testing.assert_close(
        found.coupling.diagonal(1), torch.tensor(coupling, dtype=torch.float64), **CLOSE
    )
    torch.testing.assert_close(found.field, torch.tensor(field, dtype=torch.float64), **CLOSE)
    assert float(found.coupling.triu(2).abs().max()) < 1e-9


def test_the_torus_has_four_neighbours():
    torus = IsingTorus(3, 4, temperature=3.0)
    found = read_couplings(oracle(torus, SpinFlip(12)), points(torus), temperature=3.0)
    neighbours = (found.coupling.abs() > 1e-6).sum(1)
    assert (neighbours == 4).all()
    torch.testing.assert_close(found.coupling.sum(1), 4 * torch.ones_like(found.field), **CLOSE)


class Odd(SpinDenoiser):
    """Log-odds of three spins together, of which no pairwise law knows, beside an asymmetry."""

    def __init__(self, three, one_way):
        super().__init__()
        self.process, self.three, self.one_way = SpinFlip(5), three, one_way

    def log_odds(self, x_t, t):
        triples = x_t.roll(1, 1) * x_t.roll(-1, 1) * x_t.roll(2, 1)
        return self.three * triples + self.one_way * x_t.roll(1, 1)


def test_what_is_of_no_pairwise_law_is_told():
    x = points(IsingRing(5, temperature=20.0), 4000)
    found = read_couplings(Odd(0.5, 0.5), x)
    assert 0.3 < found.unexplained < 0.7
    # J_{i, i-1} = 1/4 and J_{i-1, i} = 0 as fitted: half of the difference in 10 of 25 places.
    one_way = read_couplings(Odd(0.0, 0.5), x)
    assert one_way.asymmetry == pytest.approx(0.125 * (10 / 25) ** 0.5, rel=1e-6)
    exact = read_couplings(oracle(IsingRing(5, coupling=0.125), SpinFlip(5)), x)
    torch.testing.assert_close(one_way.coupling, exact.coupling, atol=1e-6, rtol=0)


def test_the_errors_are_on_bonds_elsewhere_and_in_fields():
    ring, other = IsingRing(6), IsingChain(6, [1.1] * 6, 0.2, "periodic")
    laws = [read_couplings(oracle(law, SpinFlip(6)), points(ring)) for law in (other, ring)]
    said = CouplingErrors(*laws).as_dict()
    assert said["on_bonds"] == pytest.approx(1.1) and said["exact_on_bonds"] == pytest.approx(1.0)
    assert said["field_error"] == pytest.approx(0.2) and said["elsewhere_rms"] < 1e-9
    assert "1.1 on bonds (exact 1)" in CouplingErrors(*laws).line()


def test_points_that_say_too_little_are_refused():
    denoiser = oracle(IsingRing(8), SpinFlip(8))
    with pytest.raises(UserError, match="got 8 points of 8 spins"):
        read_couplings(denoiser, torch.ones(8, 8))
    with pytest.raises(UserError, match="always agree or never flip"):
        read_couplings(denoiser, torch.ones(50, 8))


def test_a_law_of_pairs_is_compared_in_the_exponent_of_the_literature():
    """p(x) ~ exp(x' A x), A = J/(2T); of 16 entries 8 are bonds."""
    bonds = torch.zeros(4, 4).double()
    for i in range(4):
        bonds[i, (i + 1) % 4] = bonds[(i + 1) % 4, i] = 1.0
    learned, exact = pairwise(0.5 * bonds, 2.0), pairwise(0.4 * bonds, 2.0)
    said = CouplingErrors(learned, exact, temperature=2.0).as_dict()
    assert said["exact_on_bonds"] == pytest.approx(0.8)
    assert said["minus_log_rmse"] == pytest.approx(-math.log(0.05 / 2**0.5))
    assert said["minus_log_rmse_of_zero"] == pytest.approx(-math.log(0.2 / 2**0.5))
