"""Langevin dynamics in a box."""

import pytest
import torch

from truescore.errors import UserError
from truescore.simulate import (
    MALA,
    Box,
    EulerMaruyama,
    GlobalFlip,
    LeimkuhlerMatthews,
    Strang,
    TamedEuler,
)
from truescore.targets import GinzburgLandauChain

FREE = GinzburgLandauChain(2, lam=0.3, temperature=1.0)
BOXED = GinzburgLandauChain(2, lam=0.3, temperature=1.0, half_width=0.8)
WIDTH = 0.8


@pytest.mark.parametrize("rule", ["reflecting", "rejecting"])
@pytest.mark.parametrize("kind", [EulerMaruyama, LeimkuhlerMatthews, TamedEuler, Strang])
def test_no_site_is_ever_outside(rule, kind):
    generator = torch.Generator().manual_seed(1)
    box = Box(kind(FREE, 0.05), WIDTH, rule)
    x = box.start(torch.full((500, 2), WIDTH))
    for _ in range(20):
        x = box.run(x, 1, generator)
        assert float(x.abs().max()) <= WIDTH
        assert float(box.output(x, generator).abs().max()) <= WIDTH
    assert float(x.std()) > 0.2


def test_mirrors_fold_as_often_as_needed(monkeypatch):
    ends = torch.tensor([[0.5, 1.1], [-1.1, 2.9], [-2.9, 1.0], [-1.0, 6.3]], dtype=torch.float64)
    monkeypatch.setattr(TamedEuler, "step", lambda *_: ends)
    box = Box(TamedEuler(FREE, 0.1), 1.0, "reflecting")
    expected = [[0.5, 0.9], [-0.9, -0.9], [0.9, 1.0], [-1.0, -0.3]]
    torch.testing.assert_close(box.step(ends, torch.Generator()), torch.tensor(expected).double())


def test_rejection_leaves_the_whole_chain_where_it_was(monkeypatch):
    ends = torch.tensor([[0.5, 1.1], [-0.9, 0.9]], dtype=torch.float64)
    monkeypatch.setattr(TamedEuler, "step", lambda *_: ends)
    x = torch.zeros(2, 2, dtype=torch.float64)
    moved = Box(TamedEuler(FREE, 0.1), 1.0, "rejecting").step(x, torch.Generator())
    assert moved.tolist() == [[0.0, 0.0], [-0.9, 0.9]]


def test_rejecting_box_around_mala_has_the_boxed_law_exactly(assert_mean):
    """Long steps and the free law inside, from exact samples of the boxed law."""
    generator = torch.Generator().manual_seed(2)
    box = Box(MALA(FREE, 0.2), WIDTH, "rejecting")
    x = box.run(box.start(BOXED.sample(20_000, generator)), 15, generator)
    assert_mean(x, BOXED.mean())
    assert_mean(x[:, :, None] * x[:, None, :], BOXED.covariance())


@pytest.mark.parametrize("rule", ["reflecting", "rejecting"])
def test_box_around_an_inexact_integrator_is_close_to_the_boxed_law(rule, assert_mean):
    """Within 3% of the covariance; without walls it is five times as large."""
    generator = torch.Generator().manual_seed(3)
    box = Box(Strang(FREE, 5e-4), WIDTH, rule)
    x = box.run(box.start(BOXED.sample(10_000, generator)), 400, generator)
    exact = BOXED.covariance()
    assert_mean(x[:, :, None] * x[:, None, :], exact, slack=0.03 * float(exact[0, 0]))


def test_a_step_that_overflows_is_told():
    box = Box(EulerMaruyama(FREE, 0.05), 1e200, "reflecting")
    x = box.start(torch.full((1, 2), 1e100, dtype=torch.float64))
    with pytest.raises(UserError, match="1 of 1 chains that overflowed in step 2 of Box"):
        box.run(x, 5, torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("half_width", "rule", "message"),
    [
        (0.0, "reflecting", "got half_width=0.0, expected > 0"),
        (1.0, "periodic", "got rule='periodic', expected reflecting or rejecting"),
    ],
)
def test_impossible_boxes_are_refused(half_width, rule, message):
    with pytest.raises(UserError, match=message):
        Box(Strang(FREE, 0.1), half_width, rule)


def test_mirrors_around_an_exact_integrator_are_refused():
    with pytest.raises(UserError, match="mirrors around MALA, .*: choose rule=rejecting"):
        Box(MALA(FREE, 0.1), WIDTH, "reflecting")


@pytest.mark.parametrize(
    "wrapped", [Box(Strang(FREE, 0.1), 1.0, "rejecting"), GlobalFlip(Strang(FREE, 0.1))]
)
def test_a_box_goes_directly_around_the_integrator(wrapped):
    with pytest.raises(UserError, match="nest them in that order"):
        Box(wrapped, 1.0, "rejecting")


def test_chains_that_start_outside_are_refused():
    x = torch.tensor([[0.0, 0.0], [0.0, 0.9]])
    with pytest.raises(UserError, match=r"got 1 of 2 chains that start outside \[-0.8, 0.8\]"):
        Box(Strang(FREE, 0.1), WIDTH, "rejecting").start(x)
