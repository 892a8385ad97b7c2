"""Tori too wide for transfer matrices, held against transfer matrices on narrow ones."""

import pytest
import torch

from truescore.errors import UserError
from truescore.targets import IsingTorus, wide_torus
from truescore.targets.strip import Strip
from truescore.targets.wide_torus import CHAINS, SEED, WideTorus

CASES = {
    "warm": (4, 6, 1 / 3),
    "critical": (4, 6, 0.44),
    "cold": (3, 5, 0.7),
    "antiferromagnet": (4, 6, -0.5),
}
cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.fixture
def small_reference(monkeypatch):
    monkeypatch.setattr(wide_torus, "N_REFERENCE", CHAINS)


@cases
def test_exact_values_are_those_of_the_strip(case):
    wide, strip = WideTorus(*case), Strip(*case)
    assert wide.log_normalizer == pytest.approx(strip.log_normalizer, rel=1e-11)
    assert wide.bond_moments == pytest.approx(strip.bond_moments, rel=1e-7)


@cases
def test_one_state_of_each_chain_follows_the_law(case, assert_mean):
    wide, strip = WideTorus(*case), Strip(*case)
    x = wide.sample(CHAINS, torch.Generator().manual_seed(1))
    assert x.shape == (CHAINS, case[1], case[0]) and x.dtype == torch.float64
    for shift in ((0, 1), (1, 0), (1, 1), (2, 1)):
        products = (x * x.roll(shift, (1, 2))).mean((1, 2))
        assert_mean(products, strip.correlation[shift[0], shift[1]])
    assert_mean(x.mean((1, 2)), 0.0)


def test_later_states_of_the_chains_follow_it_too(assert_mean):
    wide, strip = WideTorus(4, 6, 0.44), Strip(4, 6, 0.44)
    x = wide.sample(3 * CHAINS, torch.Generator().manual_seed(2))[2 * CHAINS :]
    q = (x * (x.roll(1, 1) + x.roll(1, 2))).sum((1, 2))
    assert_mean(q, strip.bond_moments[0])
    assert_mean((q - strip.bond_moments[0]) ** 2, strip.bond_moments[1])


def test_the_reference_is_the_average_over_translations_and_is_kept(small_reference):
    wide = WideTorus(3, 4, 0.4)
    x = wide.sample(CHAINS, torch.Generator().manual_seed(SEED))
    for m in range(4):
        for r in range(3):
            expected = (x * x.roll((m, r), (1, 2))).mean()
            assert float(wide.correlation[m, r]) == pytest.approx(float(expected), abs=1e-6)
    again = WideTorus(3, 4, 0.4)
    again._measured = lambda: pytest.fail("measured twice")
    assert torch.equal(again.correlation, wide.correlation)


def test_the_same_seed_draws_the_same_states():
    def draw(seed):
        return WideTorus(4, 4, 0.4).sample(100, torch.Generator().manual_seed(seed))

    assert torch.equal(draw(0), draw(0)) and not torch.equal(draw(0), draw(1))


def test_a_law_wider_than_any_transfer_matrix(small_reference, assert_mean):
    law = IsingTorus(11, 12, 1.0, 3.0)
    assert not law.samples_exactly and not law.has_posterior
    x = law.sample(CHAINS, torch.Generator().manual_seed(3))
    assert x.shape == (CHAINS, 132) and x.dtype == torch.float32
    mean, variance = law.energy_moments
    energy = law.energy(x)
    assert_mean(energy, mean)
    assert_mean((energy - mean) ** 2, variance)
    assert_mean(-law.log_prob(x), law.entropy())
    assert float(torch.linalg.eigvalsh(law.covariance())[0]) > 0
    names = {o.name for o in law.observables()}
    assert {"energy_per_site", "two_point_function", "magnetisation_squared"} < names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": 65, "columns": 65}, "at most 4096 sites where both"),
        ({"rows": 11, "columns": 12, "coupling": -1.0}, "expected even sides"),
        ({"rows": 11, "columns": 12, "coupling": 0.0}, "coupling/temperature=0"),
    ],
)
def test_what_neither_formula_nor_chains_can_do_is_refused(arguments, message):
    with pytest.raises(UserError, match=message):
        IsingTorus(**arguments)
