"""Flips between a well and its mirror image."""

import pytest
import torch

from truescore.simulate import MALA, GlobalFlip, LeimkuhlerMatthews, Strang
from truescore.targets import GinzburgLandauChain, NearestNeighbourChain

# Wells so deep that no chain crosses in the time of these tests.
DEEP = {"lam": 0.05, "temperature": 0.2}
EVEN = GinzburgLandauChain(3, **DEEP)
UNEVEN = NearestNeighbourChain(
    3,
    lambda x, _: 5 * (1 - x**2) ** 2 + 0.04 * x,
    lambda x, y, _: (x - y) ** 2,
    temperature=0.2,
    interval=(-2.5, 2.5),
)


def from_one_well(law, integrator, n, steps):
    """Chains that all start in the upper well."""
    generator = torch.Generator().manual_seed(1)
    x = integrator.start(law.sample(n, generator).abs())
    return integrator.output(integrator.run(x, steps, generator), generator)


def test_an_even_law_accepts_every_flip_and_every_step_draws_the_sign_afresh(assert_mean):
    integrator = GlobalFlip(Strang(EVEN, 1e-3))
    x = torch.ones(10_000, 3, dtype=torch.float64)
    generator = torch.Generator().manual_seed(2)
    one = integrator.step(x, generator)
    two = integrator.step(one, generator)
    assert integrator.acceptance.rate == 1
    signs = torch.stack([one[:, 0].sign(), two[:, 0].sign(), (one * two)[:, 0].sign()], 1)
    assert_mean(signs, 0.0)


def test_uneven_wells_take_their_exact_weights(assert_mean):
    assert abs(float(UNEVEN.mean()[0])) > 0.3
    alone = from_one_well(UNEVEN, MALA(UNEVEN, 0.02), 2000, 20)
    assert float(alone.min()) > -0.5
    integrator = GlobalFlip(MALA(UNEVEN, 0.02))
    x = from_one_well(UNEVEN, integrator, 10_000, 40)
    assert integrator.acceptance.rate < 0.95
    assert_mean(x, UNEVEN.mean())
    deviation = x - UNEVEN.mean()
    assert_mean(deviation[:, :, None] * deviation[:, None, :], UNEVEN.covariance())


def test_flips_are_in_detailed_balance():
    """Ratio of flips up and down from mirrored points is that of the densities."""
    x = UNEVEN.sample(1, torch.Generator().manual_seed(3)).double().expand(40_000, 3)
    integrator = GlobalFlip(MALA(UNEVEN, 1e-9))
    generator = torch.Generator().manual_seed(4)
    rates = []
    for start in (x, -x):
        moved = integrator.step(start, generator)
        rates.append(float(((moved * start).sum(1) < 0).double().mean()))
    expected = (UNEVEN.log_prob(-x[:1]) - UNEVEN.log_prob(x[:1])).exp()
    assert min(rates) > 0.1
    assert rates[0] / rates[1] == pytest.approx(float(expected), rel=0.08)


def test_flips_keep_what_leimkuhler_matthews_puts_out_in_its_well():
    """Carried points flip with their noise: no output between the wells appears."""
    x = from_one_well(EVEN, GlobalFlip(LeimkuhlerMatthews(EVEN, 5e-3)), 2000, 20)
    assert float(x.mean(1).abs().min()) > 0.4
    assert 0.4 < float((x[:, 0] > 0).double().mean()) < 0.6
