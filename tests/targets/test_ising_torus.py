"""The Ising torus against enumeration and Onsager's energy."""

import itertools
import math

import pytest
import torch
from scipy.special import ellipk

from truescore.errors import UserError
from truescore.targets import IsingTorus
from truescore.targets.kaufman import log_partition

LAWS = {
    "3x3": IsingTorus(3, 3, 1.0, 2.5),
    "3x4": IsingTorus(3, 4, 0.7, 2.0),
    "4x3": IsingTorus(4, 3, 0.7, 1.5),
    "frustrated": IsingTorus(3, 3, -1.0, 1.2),
    "antiferromagnet": IsingTorus(3, 4, -1.0, 2.0),
}
laws = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


def enumerated(law):
    """All states, their probabilities and log Z, with the energy summed bond by bond."""
    x = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=law.dim)), dtype=torch.float64)
    energy = torch.zeros(len(x), dtype=torch.float64)
    for a, b in itertools.product(range(law.rows), range(law.columns)):
        for c, d in ((a + 1, b), (a, b + 1)):
            neighbour = (c % law.rows) * law.columns + d % law.columns
            energy -= law.coupling * x[:, a * law.columns + b] * x[:, neighbour]
    log_weight = -energy / law.temperature
    return x, log_weight.softmax(0), float(log_weight.logsumexp(0)), energy


@pytest.mark.parametrize("law", [*LAWS.values(), IsingTorus(4, 4)], ids=[*LAWS, "4x4"])
def test_the_law_is_its_enumeration(law):
    x, p, log_normalizer, energy = enumerated(law)
    assert law.log_normalizer == pytest.approx(log_normalizer, abs=1e-11)
    torch.testing.assert_close(law.energy(x), energy, atol=1e-12, rtol=0)
    torch.testing.assert_close(law.log_prob(x), p.log(), atol=1e-11, rtol=0)
    covariance = (p[:, None] * x).mT @ x
    torch.testing.assert_close(law.covariance(), covariance, atol=1e-11, rtol=0)
    torch.testing.assert_close(law.mean(), p @ x, atol=1e-12, rtol=0)
    mean, variance = law.energy_moments
    assert mean == pytest.approx(float(p @ energy), abs=1e-10)
    assert variance == pytest.approx(float(p @ (energy - mean) ** 2), abs=1e-9)
    for observable in law.observables():
        single = observable.average(x[:, None])
        torch.testing.assert_close(p @ single, observable.exact, atol=1e-11, rtol=0)
        if observable.variance is not None:
            square = ((single - observable.exact) ** 2).sum(1)
            assert observable.variance == pytest.approx(float(p @ square), abs=1e-9)


def posterior(law, evidence):
    """Log evidence and leave-one-out log-odds, spins weighed by exp(+- evidence/2)."""
    log_evidence, log_probs = law.site_posterior(torch.stack([-evidence, evidence], -1) / 2)
    return log_evidence, log_probs[..., 1] - log_probs[..., 0]


@laws
def test_log_odds_of_a_site_are_those_of_a_flip(law):
    x, p, _, _ = enumerated(law)
    some = x[:: len(x) // 37]
    odds = law.site_log_odds(some)
    for i in range(law.dim):
        flipped = some.clone()
        flipped[:, i] *= -1
        expected = some[:, i] * (law.log_prob(some) - law.log_prob(flipped))
        torch.testing.assert_close(odds[:, i], expected, atol=1e-11, rtol=0)
    assert float(p.sum()) == pytest.approx(1, abs=1e-12)


@laws
def test_leave_one_out_log_odds_are_their_enumeration(law):
    x, p, _, _ = enumerated(law)
    generator = torch.Generator().manual_seed(2)
    evidence = 2 * torch.randn(3, law.dim, dtype=torch.float64, generator=generator)
    log_evidence, log_odds = posterior(law, evidence)
    for b in range(3):
        weight = p * (evidence[b] * x / 2).sum(1).exp()
        assert float(log_evidence[b]) == pytest.approx(math.log(weight.sum()), abs=1e-10)
        for i in range(law.dim):
            others = weight * (-evidence[b, i] * x[:, i] / 2).exp()
            odds = others[x[:, i] > 0].sum() / others[x[:, i] < 0].sum()
            assert float(log_odds[b, i]) == pytest.approx(math.log(odds), abs=1e-10)


def test_the_widest_posterior_is_that_of_single_spins_where_the_law_is_flat():
    """Strong evidence on the four neighbours leaves a site the field of its bonds."""
    law = IsingTorus(5, 6, 0.4, 1.0)
    spins = law.sample(4, torch.Generator().manual_seed(5))
    _, log_odds = posterior(law, 60.0 * spins.double())
    torch.testing.assert_close(log_odds, law.site_log_odds(spins), atol=1e-9, rtol=0)


@laws
def test_samples_follow_the_law(law, assert_mean):
    x = law.sample(40_000, torch.Generator().manual_seed(3))
    assert x.dtype == torch.float32
    x = x.double()
    states, p, _, _ = enumerated(law)
    assert_mean(x, 0.0)
    assert_mean(x[:, :, None] * x[:, None, :], law.covariance(), slack=1e-12)
    index = ((x + 1) / 2 @ 2.0 ** torch.arange(law.dim).flip(0).double()).long()
    common = len(x) * p > 100
    order = torch.where(common, common.cumsum(0) - 1, common.sum())
    drawn = order[index][:, None] == torch.arange(int(common.sum()) + 1)
    expected = torch.cat([p[common], p[~common].sum()[None]])
    assert_mean(drawn, expected, slack=1e-12)


@pytest.mark.parametrize(("rows", "columns"), [(5, 13), (13, 5)])
def test_long_strips_are_sampled_with_their_energy_and_correlations(rows, columns, assert_mean):
    law = IsingTorus(rows, columns, 1.0, 2.4)
    x = law.sample(10_000, torch.Generator().manual_seed(4))
    grid = x.double().unflatten(1, (rows, columns))
    covariance = law.covariance()
    for shift in ((0, 1), (1, 0), (0, 3), (2, 2)):
        site = (-shift[0] % rows) * columns + -shift[1] % columns
        products = (grid * grid.roll(shift, (1, 2))).mean((1, 2))
        assert_mean(products, covariance[0, site])
    mean, variance = law.energy_moments
    energy = law.energy(x)
    assert_mean(energy, mean)
    assert_mean((energy - mean) ** 2, variance)


def onsager(strength):
    """Energy per site of the infinite lattice, J = 1. Onsager 1944, Phys. Rev. 65, 117."""
    k = 2 * math.sinh(2 * strength) / math.cosh(2 * strength) ** 2
    root = 2 * math.tanh(2 * strength) ** 2 - 1
    return -(1 + 2 / math.pi * root * ellipk(k**2)) / math.tanh(2 * strength)


def test_wide_strips_have_onsagers_energy():
    """What the width leaves falls as exp(-w/xi), 1/xi = log coth K - 2K."""
    strength = 1 / 4
    errors = []
    for width in (4, 6, 8):
        law = IsingTorus(width, 60, 1.0, 1 / strength)
        errors.append(abs(law.energy_moments[0] / law.dim - onsager(strength)))
    rate = -math.log(math.tanh(strength)) - 2 * strength
    assert errors[2] < 1e-3
    slopes = [math.log(a / b) / 2 for a, b in itertools.pairwise(errors)]
    assert all(abs(slope - rate) < 0.4 for slope in slopes)


def test_ten_by_ten_is_affordable(assert_mean):
    law = IsingTorus(10, 10, 1.0, 2.5)
    strength = torch.tensor(0.4, dtype=torch.float64)
    assert law.log_normalizer == pytest.approx(float(log_partition(10, 10, strength)), rel=1e-11)
    x = law.sample(4000, torch.Generator().manual_seed(6))
    assert_mean(law.energy(x), law.energy_moments[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": 2}, "at least 3 sites a side"),
        ({"temperature": 0.0}, "temperature=0"),
        ({"temperature": 0.05}, "coupling/temperature=20"),
    ],
)
def test_impossible_tori_are_refused(arguments, message):
    with pytest.raises(UserError, match=message):
        IsingTorus(**arguments)


def test_a_posterior_that_costs_too_much_is_refused_in_one_line():
    law = IsingTorus(6, 7)
    assert not law.has_posterior
    with pytest.raises(UserError, match="at most 5 sites for its exact posterior: lower rows"):
        law.site_posterior(torch.zeros(1, 42, 2))
