"""Ising chains with couplings and fields of their own at every site, against enumeration."""

import itertools
import math

import pytest
import torch

from truescore.errors import UserError
from truescore.targets import IsingChain, IsingRing

GENERATOR = torch.Generator().manual_seed(1)
RANDOM = torch.randn(24, dtype=torch.float64, generator=GENERATOR).tolist()
LAWS = {
    "open": IsingChain(7, RANDOM[:6], RANDOM[6:13], "open", temperature=0.8),
    "ring": IsingChain(7, RANDOM[:7], RANDOM[7:14], "periodic", temperature=1.3),
    "antiferromagnet": IsingChain(6, -0.7, 0.3, "open"),
    "frustrated": IsingChain(7, -1.5, 0.0, "periodic"),
    "shortest chain": IsingChain(2, 0.6, [0.2, -0.4]),
    "shortest ring": IsingChain(3, -1.0, 0.1, "periodic"),
}
laws = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


def all_spins(dim):
    return torch.tensor(list(itertools.product([-1.0, 1.0], repeat=dim)), dtype=torch.float64)


def energies(law, x):
    """V(x), bond by bond and site by site."""
    total = -(law.field * x).sum(1)
    for i, coupling in enumerate(law.coupling):
        total -= coupling * x[:, i] * x[:, (i + 1) % law.dim]
    return total


def enumerated(law):
    x = all_spins(law.dim)
    weight = (-energies(law, x) / law.temperature).exp()
    return x, weight / weight.sum(), float(weight.sum().log())


def posterior(law, evidence):
    """Log evidence and leave-one-out log-odds, spins weighed by exp(+- evidence/2)."""
    log_evidence, log_probs = law.site_posterior(torch.stack([-evidence, evidence], -1) / 2)
    return log_evidence, log_probs[..., 1] - log_probs[..., 0]


@laws
def test_the_law_is_its_enumeration(law):
    x, p, log_normalizer = enumerated(law)
    close = {"atol": 1e-12, "rtol": 0}
    assert law.log_normalizer == pytest.approx(log_normalizer, abs=1e-12)
    torch.testing.assert_close(law.energy(x), energies(law, x), **close)
    torch.testing.assert_close(law.log_prob(x), p.log(), atol=1e-11, rtol=0)
    torch.testing.assert_close(law.mean(), p @ x, **close)
    deviation = x - p @ x
    for moment, power in ((law.covariance(), 1), (law.squared_deviations(), 2)):
        expected = torch.einsum("n,ni,nj->ij", p, deviation**power, deviation**power)
        torch.testing.assert_close(moment, expected, **close)
    up = torch.stack([law.marginal(i, torch.ones(1))[0] for i in range(law.dim)])
    torch.testing.assert_close(up, p @ (x > 0).double(), **close)


@laws
def test_observables_are_their_enumeration(law):
    x, p, _ = enumerated(law)
    single = {o.name: o.average(x[:, None]) for o in law.observables()}
    for observable in law.observables():
        torch.testing.assert_close(
            p @ single[observable.name], observable.exact, atol=1e-12, rtol=0
        )
    assert {"energy_per_site", "two_point_function", "kink_density"} <= set(single)
    energy = energies(law, x)[:, None] / law.dim
    torch.testing.assert_close(single["energy_per_site"], energy, atol=1e-12, rtol=0)


@laws
def test_leave_one_out_log_odds_are_their_enumeration(law):
    x, p, _ = enumerated(law)
    evidence = 2 * torch.randn(
        3, law.dim, dtype=torch.float64, generator=torch.Generator().manual_seed(2)
    )
    log_evidence, log_odds = posterior(law, evidence)
    for b in range(3):
        weight = p * (evidence[b] * x / 2).sum(1).exp()
        assert float(log_evidence[b]) == pytest.approx(math.log(weight.sum()), abs=1e-11)
        for i in range(law.dim):
            others = weight * (-evidence[b, i] * x[:, i] / 2).exp()
            odds = others[x[:, i] > 0].sum() / others[x[:, i] < 0].sum()
            assert float(log_odds[b, i]) == pytest.approx(math.log(odds), abs=1e-10)


@laws
def test_samples_follow_the_law(law, assert_mean):
    x = law.sample(40_000, torch.Generator().manual_seed(3)).double()
    states, p, _ = enumerated(law)
    assert set(x.unique().tolist()) == {-1.0, 1.0}
    assert_mean(x, law.mean())
    products = x[:, :, None] * x[:, None, :]
    assert_mean(products, law.covariance() + law.mean()[:, None] * law.mean(), slack=1e-12)
    # Every state that is drawn a hundred times or more, and all others together.
    place = 2.0 ** torch.arange(law.dim).flip(0).double()
    index = ((x + 1) / 2 @ place).long()
    common = len(x) * p > 100
    label = torch.where(common, torch.arange(len(p)), len(p))[index]
    drawn = label[:, None] == torch.arange(len(p) + 1)
    expected = torch.cat([torch.where(common, p, 0.0), p[~common].sum()[None]])
    assert_mean(drawn, expected, slack=1e-12)


def test_one_coupling_is_the_uniform_ring():
    ring, chain = IsingRing(9, -0.8, 1.1), IsingChain(9, -0.8, 0.0, "periodic", 1.1)
    assert chain.log_normalizer == pytest.approx(ring.log_normalizer, abs=1e-13)
    torch.testing.assert_close(chain.covariance(), ring.covariance(), atol=1e-13, rtol=0)


def test_frustration_leaves_one_bond_unsatisfied():
    """At T -> 0 an odd antiferromagnetic ring has 2d ground states of one kink-free bond each."""
    ring = IsingChain(5, -1.0, 0.0, "periodic", temperature=0.05)
    energy = next(o for o in ring.observables() if o.name == "energy_per_site")
    assert float(energy.exact) == pytest.approx(-3 / 5, abs=1e-12)
    assert ring.log_normalizer == pytest.approx(3 / 0.05 + math.log(10), abs=1e-12)


def test_gauging_the_signs_away_leaves_the_open_chain():
    """Flipping every second spin turns an open antiferromagnet into a ferromagnet."""
    sign = 1.0 - 2.0 * (torch.arange(8) % 2)
    ferro, antiferro = IsingChain(8, 0.9), IsingChain(8, -0.9)
    gauged = sign[:, None] * antiferro.covariance() * sign
    torch.testing.assert_close(gauged, ferro.covariance(), atol=1e-13, rtol=0)


@pytest.mark.parametrize("boundary", ["open", "periodic"])
def test_the_strongest_couplings_against_the_strongest_fields_stay_finite(boundary):
    n_bonds = 9 if boundary == "periodic" else 8
    signs = [80.0 * (-1) ** (i // 2) for i in range(9)]
    law = IsingChain(9, [-80.0] * n_bonds, signs, boundary)
    assert math.isfinite(law.log_normalizer)
    evidence = torch.full((2, 9), 40.0, dtype=torch.float64)
    assert all(bool(part.isfinite().all()) for part in posterior(law, evidence))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"boundary": "fixed"}, "expected open or periodic"),
        ({"coupling": [1.0] * 5}, "expected one number or 4 of them"),
        ({"coupling": [1.0] * 4, "boundary": "periodic"}, "expected one number or 5 of them"),
        ({"field": [1.0] * 4}, "got field of shape"),
        ({"field": -90.0}, "within 80"),
        ({"coupling": 1.0, "temperature": 0.0}, "temperature"),
    ],
)
def test_impossible_chains_are_refused(arguments, message):
    with pytest.raises(UserError, match=message):
        IsingChain(5, **arguments)
