"""Replicas at a ladder of temperatures."""

import math

import pytest
import torch

from truescore.errors import UserError
from truescore.simulate import MALA, Box, GlobalFlip, ParallelTempering, Strang
from truescore.targets import GinzburgLandauChain

LAW = GinzburgLandauChain(2, lam=0.1, temperature=0.4)
LADDER = [1.0, 2.5]


def test_chains_from_one_well_reach_the_exact_moments(assert_mean):
    generator = torch.Generator().manual_seed(1)
    start = LAW.sample(800, generator).abs()
    alone = MALA(LAW, 0.1)
    stuck = alone.run(alone.start(start), 200, generator)
    assert float(stuck.mean()) > 0.7
    integrator = ParallelTempering(alone, LADDER)
    x = integrator.run(integrator.start(start), 200, generator)
    x = integrator.output(x, generator)
    assert x.shape == (800, 2)
    assert_mean(x, LAW.mean())
    assert_mean(x[:, :, None] * x[:, None, :], LAW.covariance())
    squares = x**2
    assert_mean(squares[:, :, None] * squares[:, None, :], LAW.squared_deviations())
    assert all(0.2 < swap.rate < 0.95 for swap in integrator.swaps)


def test_every_replica_keeps_the_law_of_its_temperature(assert_mean):
    generator = torch.Generator().manual_seed(2)
    laws = [GinzburgLandauChain(2, lam=0.1, temperature=t) for t in (0.4, *LADDER)]
    x = torch.cat([law.sample(4000, generator) for law in laws]).double()
    integrator = ParallelTempering(MALA(LAW, 0.1), LADDER)
    for law, points in zip(laws, integrator.run(x, 20, generator).chunk(3), strict=True):
        assert_mean(points, law.mean())
        assert_mean(points[:, :, None] * points[:, None, :], law.covariance())


def test_swaps_are_the_metropolis_rule():
    """Two temperatures, points that hardly move: swapped as often as the energies say."""
    x, y = torch.tensor([[0.85, 0.9]]).double(), torch.tensor([[0.95, 1.1]]).double()
    integrator = ParallelTempering(MALA(LAW, 1e-12), [1.0])
    generator, n = torch.Generator().manual_seed(3), 40_000
    (energy_x, energy_y), coldness = LAW.energy(torch.cat([x, y])), 1 / 0.4 - 1 / 1.0
    for cold, hot, gap in ((x, y, energy_x - energy_y), (y, x, energy_y - energy_x)):
        moved = integrator.step(torch.cat([cold.expand(n, 2), hot.expand(n, 2)]), generator)
        cold_moved, hot_moved = moved.chunk(2)
        swapped = (cold_moved - hot).norm(dim=1) < 1e-3
        assert torch.equal(swapped, (hot_moved - cold).norm(dim=1) < 1e-3)
        expected = min(1.0, float((coldness * gap).exp()))
        assert 0.05 < expected
        assert float(swapped.double().mean()) == pytest.approx(expected, abs=0.02)


def test_swaps_go_up_the_ladder_one_pair_after_the_other():
    """Three still points: the four outcomes of two swaps, each as often as enumerated."""
    points = torch.tensor([[0.85, 0.9], [0.95, 1.1], [0.7, 0.6]]).double()
    cold, warm, hot = LAW.energy(points).tolist()
    integrator, n = ParallelTempering(MALA(LAW, 1e-12), [0.6, 1.0]), 40_000
    x = integrator.step(points.repeat_interleave(n, 0), torch.Generator().manual_seed(5))
    places = [torch.cdist(chunk, points).argmin(1) for chunk in x.chunk(3)]
    low, high = 1 / 0.4 - 1 / 0.6, 1 / 0.6 - 1 / 1.0
    first = min(1.0, math.exp(low * (cold - warm)))
    second = {True: min(1.0, math.exp(high * (cold - hot))), False: math.exp(high * (warm - hot))}
    assert max(first, *second.values()) < 0.95
    for swapped, order in ((True, (1, 0, 2)), (False, (0, 1, 2))):
        begun = first if swapped else 1 - first
        for again in (True, False):
            ends = (order[0], order[2], order[1]) if again else order
            expected = begun * (second[swapped] if again else 1 - second[swapped])
            seen = torch.stack([p == e for p, e in zip(places, ends, strict=True)]).all(0)
            assert float(seen.double().mean()) == pytest.approx(expected, abs=0.016)


def test_it_stands_around_all_other_wrappers():
    generator = torch.Generator().manual_seed(4)
    inner = GlobalFlip(Box(Strang(LAW, 0.01), 1.5, "reflecting"))
    integrator = ParallelTempering(inner, LADDER)
    x = integrator.run(integrator.start(torch.ones(50, 2)), 20, generator)
    assert x.shape == (150, 2)
    assert float(x.abs().max()) <= 1.5
    # Flips of the replicas are counted apart, and hot ones spread farther.
    assert integrator.replicas[1].acceptance is not inner.acceptance
    with pytest.raises(
        UserError, match="got GlobalFlip around ParallelTempering, expected at most"
    ):
        GlobalFlip(integrator)


@pytest.mark.parametrize("temperatures", [[], [0.4], [0.2, 0.5], [1.0, 0.5], [float("nan")]])
def test_ladders_that_do_not_ascend_are_refused(temperatures):
    with pytest.raises(UserError, match="ascending from above the law's 0.4"):
        ParallelTempering(Strang(LAW, 0.01), temperatures)


def test_heated_ladders_begin_at_the_new_temperature():
    integrator = ParallelTempering(Strang(LAW, 0.01), [1.0, 2.0])
    heated = integrator.heated(0.5)
    assert [replica.temperature for replica in heated.replicas] == [0.5, 1.0, 2.0]
    with pytest.raises(UserError, match="ascending from above the law's 1.5"):
        integrator.heated(1.5)


def test_points_without_their_replicas_are_refused():
    integrator = ParallelTempering(Strang(LAW, 0.01), [1.0, 2.0])
    with pytest.raises(UserError, match="got 4 points, expected 3 replicas .*: begin with start"):
        integrator.step(torch.zeros(4, 2, dtype=torch.float64), torch.Generator())
