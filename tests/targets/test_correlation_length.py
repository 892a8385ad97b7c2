"""The length of exact correlations, against closed forms."""

import math

import pytest

from truescore.targets import GinzburgLandauChain, IsingRing, PottsRing
from truescore.targets.chain import NearestNeighbourChain
from truescore.targets.correlation_length import correlation_length
from truescore.targets.mixtures import CorrelatedGaussian


@pytest.mark.parametrize(("coupling", "temperature"), [(1.0, 1.0), (-0.4, 0.7), (2.0, 1.6)])
def test_a_long_ring_of_spins_has_minus_one_over_log_tanh(coupling, temperature):
    length = correlation_length(IsingRing(200, coupling, temperature))
    k = abs(math.tanh(coupling / temperature))
    assert length == pytest.approx(-1 / math.log(k), rel=1e-9)


def test_on_a_short_ring_both_ways_around_count():
    """(k^r + k^(d-r)) / (1 + k^d) is 1/e a little later."""
    length, k = correlation_length(IsingRing(16)), math.tanh(1)
    assert length > -1 / math.log(k)
    assert (k**length + k ** (16 - length)) / (1 + k**16) == pytest.approx(math.exp(-1), rel=0.01)


def test_states_without_a_sign_have_the_ratio_of_their_eigenvalues():
    k = (math.e**2 - 1) / (math.e**2 + 2)
    length = correlation_length(PottsRing(100, 3, coupling=2.0))
    assert length == pytest.approx(-1 / math.log(k), rel=1e-6)


def test_a_gaussian_chain_has_the_length_of_its_recursion():
    """a x^2 / 2 at each site, c (x - y)^2 / 2 on each bond: 2 cosh(1/xi) = 2 + a/c in the middle.

    The ends of 60 sites change the mean over sites by a few per cent.
    """
    a, c = 0.3, 1.7
    chain = NearestNeighbourChain(
        60, lambda x, _: a * x**2 / 2, lambda x, y, _: c * (x - y) ** 2 / 2, interval=(-9.0, 9.0)
    )
    assert correlation_length(chain) == pytest.approx(1 / math.acosh(1 + a / (2 * c)), rel=0.05)


def test_what_never_falls_is_infinite_and_no_coupling_is_no_length():
    assert correlation_length(IsingRing(8, 5.0)) == math.inf
    assert correlation_length(IsingRing(8, 1e-9)) < 0.1
    assert correlation_length(GinzburgLandauChain(8)) < 8


def test_a_law_without_neighbours_on_a_line_has_none():
    assert correlation_length(CorrelatedGaussian(2)) is None
