"""Lengths of domains, counted by hand in every state of small chains."""

import itertools

import pytest
import torch

from truescore.metrics import PerfectSamples, evaluate_samples
from truescore.targets import GinzburgLandauChain, IsingChain, IsingRing, PottsRing
from truescore.targets.domain_lengths import LONGEST, domain_lengths

RANDOM = torch.randn(24, dtype=torch.float64, generator=torch.Generator().manual_seed(6)).tolist()
LAWS = {
    "ring": IsingRing(8),
    "open": IsingChain(8, RANDOM[:7], RANDOM[7:15], "open", temperature=0.8),
    "ring of random bonds": IsingChain(7, RANDOM[:7], RANDOM[7:14], "periodic"),
    "frustrated": IsingChain(7, -1.5, 0.0, "periodic"),
    "Potts": PottsRing(6, n_states=3, coupling=0.8),
    "shortest ring": IsingRing(3),
    "shortest chain": IsingChain(2, 0.6, [0.2, -0.4]),
}


def lengths(state, periodic):
    """Lengths of the runs of one state, a list; on a ring it is cut where two sites differ."""
    if periodic:
        cuts = [i for i in range(len(state)) if state[i] != state[i - 1]]
        if not cuts:
            return [len(state)]
        state = state[cuts[0] :] + state[: cuts[0]]
    return [len(list(run)) for _, run in itertools.groupby(state)]


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_domains_are_those_counted_by_hand(law):
    symbols = range(law.n_states) if law.n_states else (-1.0, 1.0)
    x = torch.tensor(list(itertools.product(symbols, repeat=law.dim)), dtype=torch.float64)
    observable = domain_lengths(law)
    bins = len(observable.exact)
    counted = torch.zeros(len(x), bins, dtype=torch.float64)
    for row, state in zip(counted, x.tolist(), strict=True):
        for length in lengths(state, law.boundary == "periodic"):
            row[min(length, bins) - 1] += 1 / law.dim
    torch.testing.assert_close(observable.average(x[:, None]), counted, atol=1e-14, rtol=0)
    torch.testing.assert_close(observable.average(x), counted.mean(0), atol=1e-14, rtol=0)
    p = law.log_prob(x).exp()
    torch.testing.assert_close(observable.exact, p @ counted, atol=1e-13, rtol=0)


def test_domains_of_a_long_ring_end_with_the_chance_of_a_kink():
    """P(l) = c^2 (1-c)^(l-1), c the chance of a kink, but for 0.76^512."""
    ring = IsingRing(512)
    c = (1 - torch.tensor(1.0, dtype=torch.float64).tanh()) / 2
    length = torch.arange(1, LONGEST + 1)
    expected = c**2 * (1 - c) ** (length - 1)
    exact = domain_lengths(ring).exact
    torch.testing.assert_close(exact[:-1], expected, atol=1e-13, rtol=0)
    assert float(exact[-1]) == pytest.approx(float(c * (1 - c) ** LONGEST), abs=1e-13)


def test_strong_couplings_stay_finite():
    signs = [80.0 * (-1) ** (i // 2) for i in range(40)]
    law = IsingChain(40, [-80.0] * 40, signs, "periodic")
    assert bool(domain_lengths(law).exact.isfinite().all())


def test_domains_tell_laws_of_one_energy_apart():
    """Blocks of two spins, at the energy of uniform ones: half of the bonds are kinks in both."""
    uniform = IsingRing(16, coupling=0.0)
    perfect = PerfectSamples(uniform, n_null=200)
    assert perfect.observables[-1].name == "domain_lengths"
    sign = 2.0 * torch.randint(2, (2000, 1), generator=torch.Generator().manual_seed(1)) - 1
    blocks = sign * torch.tensor([1.0, 1.0, -1.0, -1.0]).repeat(4)
    found = evaluate_samples(perfect, blocks)
    assert found["kink_density"].verdict == "at floor"
    assert found["domain_lengths"].verdict.endswith("x floor")
    exact = evaluate_samples(perfect, uniform.sample(2000, torch.Generator().manual_seed(2)))
    assert exact["domain_lengths"].verdict == "at floor"


def test_reals_have_no_domains():
    names = [o.name for o in GinzburgLandauChain(4).observables()]
    assert "domain_lengths" not in names and "kink_density" in names
