"""The Potts ring by enumeration of all its states."""

import itertools
import math

import pytest
import torch

from truescore.errors import UserError
from truescore.targets import IndependentStates, IsingRing, NearestNeighbourChain, PottsRing
from truescore.targets.chain_observables import indicator_covariance, indicators
from truescore.targets.fitted import fit_independent_states, fit_potts_coupling

RING = PottsRing(5, n_states=3, coupling=0.8, temperature=0.7)
STATES = torch.tensor(list(itertools.product(range(3), repeat=5)), dtype=torch.float64)
LAW = RING.log_prob(STATES).exp()


def test_the_law_is_its_enumeration():
    energy = -0.8 * (STATES == STATES.roll(-1, 1)).double().sum(1)
    weight = (-energy / 0.7).exp()
    torch.testing.assert_close(LAW, weight / weight.sum())
    assert RING.log_normalizer == pytest.approx(math.log(weight.sum()), abs=1e-12)
    for site in range(5):
        expected = [float(LAW[STATES[:, site] == a].sum()) for a in range(3)]
        assert RING.marginal(site, torch.arange(3.0)).tolist() == pytest.approx(expected)


def test_agreement_at_a_distance_and_all_observables_are_exact():
    for r, agree in enumerate(RING.agreement().tolist(), start=1):
        assert agree == pytest.approx(float(LAW @ (STATES == STATES.roll(-r, 1)).double().mean(1)))
    x = STATES.repeat_interleave((1e5 * LAW).round().long(), dim=0)
    for observable in RING.observables():
        torch.testing.assert_close(observable.average(x), observable.exact, atol=2e-3, rtol=0)


@pytest.mark.parametrize("boundary", ["periodic", "open"])
def test_observables_of_any_chain_of_states_are_its_enumeration(boundary):
    """A chain without any symmetry: fields and bonds that depend on the place and direction."""
    generator = torch.Generator().manual_seed(4)
    field, bond = torch.rand(5, 3, generator=generator), torch.rand(5, 3, 3, generator=generator)
    law = NearestNeighbourChain(
        5,
        lambda x, i: field.double()[i, x.long()],
        lambda x, y, i: bond.double()[i, x.long(), y.long()],
        boundary=boundary,
        n_states=3,
    )
    p = law.log_prob(STATES).exp()
    seen = indicators(STATES, 3)
    mean = p @ seen
    by_name = {o.name: o for o in law.observables()}
    torch.testing.assert_close(by_name["frequencies"].exact, mean)
    variance = float(p @ ((seen - mean) ** 2).sum(1))
    assert by_name["frequencies"].variance == pytest.approx(variance)
    covariance = (seen - mean).mT @ (p[:, None] * (seen - mean))
    torch.testing.assert_close(indicator_covariance(law), covariance, atol=1e-12, rtol=0)
    pairs = 5 if boundary == "periodic" else 4
    alike = (STATES == STATES.roll(-1, 1))[:, :pairs].double().mean(1)
    assert float(by_name["agreement"].exact[0]) == pytest.approx(float(p @ alike))
    assert float(by_name["energy_per_site"].exact) == pytest.approx(
        float(p @ law.energy(STATES)) / 5
    )
    x = STATES.repeat_interleave((1e5 * p).round().long(), dim=0)
    for observable in law.observables():
        torch.testing.assert_close(observable.average(x), observable.exact, atol=2e-3, rtol=0)


def test_fits_find_the_law_of_their_data(assert_mean):
    x = RING.sample(40_000, torch.Generator().manual_seed(3))
    fitted = fit_potts_coupling(x, 3)
    # One standard error of the coupling is about 0.003 here.
    assert fitted.coupling / fitted.temperature == pytest.approx(0.8 / 0.7, abs=0.02)
    alike = float((x == x.roll(-1, 1)).double().mean())
    assert float(fitted.agreement()[0]) == pytest.approx(alike, abs=1e-5)
    apart = fit_independent_states(x, 3)
    torch.testing.assert_close(
        apart.probabilities, torch.full((5, 3), 1 / 3).double(), atol=0.02, rtol=0
    )
    expected = apart.probabilities.log()[torch.arange(5), STATES.long()].sum(1)
    torch.testing.assert_close(apart.log_prob(STATES), expected)
    assert_mean(
        indicators(apart.sample(20_000, torch.Generator().manual_seed(5)), 3),
        apart.probabilities.flatten(),
    )


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_fits_of_frozen_data_are_finite(value):
    x = torch.full((50, 6), value)
    assert math.isfinite(fit_potts_coupling(x, 3).log_prob(x)[0])
    assert fit_independent_states(x, 3).log_prob(x).isfinite().all()


def test_impossible_states_are_refused():
    with pytest.raises(UserError, match="got a probability of 0"):
        IndependentStates(torch.tensor([[0.0, 1.0], [0.5, 0.5]]))


def test_two_states_are_an_ising_ring():
    """[x = y] = (1 + s s')/2: half the coupling."""
    ising = IsingRing(6, coupling=0.4)
    spins = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=6)), dtype=torch.float64)
    potts = PottsRing(6, n_states=2, coupling=0.8)
    torch.testing.assert_close(potts.log_prob((spins + 1) / 2), ising.log_prob(spins))


def test_posterior_is_its_enumeration():
    log_likelihood = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(1)).double()
    log_evidence, log_probs = RING.site_posterior(log_likelihood)
    for b in range(2):
        seen = log_likelihood[b].gather(1, STATES.long().mT).exp()  # (5, 243)
        assert float(log_evidence[b]) == pytest.approx(float((LAW * seen.prod(0)).sum().log()))
        for i in range(5):
            others = LAW * seen.prod(0) / seen[i]
            expected = torch.stack([others[STATES[:, i] == a].sum() for a in range(3)])
            torch.testing.assert_close(log_probs[b, i].exp(), expected / expected.sum())


def test_samples_follow_the_law(assert_mean):
    x = RING.sample(40_000, torch.Generator().manual_seed(2))
    number = (x.double() @ 3.0 ** torch.arange(4, -1, -1, dtype=torch.float64)).long()
    common = LAW.topk(20).indices
    assert_mean(number[:, None] == common, LAW[common])
    below, upto = RING.marginal_cdf(x[:100])
    torch.testing.assert_close(upto - below, torch.full_like(below, 1 / 3))


@pytest.mark.parametrize("n_states", [0, 1, -2])
def test_too_few_states_are_refused(n_states):
    with pytest.raises(UserError, match=f"got n_states={n_states}"):
        NearestNeighbourChain(4, lambda x, _: x, lambda x, y, _: x * y, n_states=n_states)


def test_a_law_of_states_has_no_gradient():
    with pytest.raises(UserError, match="expected reals"):
        RING.score(STATES)
    with pytest.raises(UserError, match="expected spins"):
        RING.site_log_odds(STATES)
