"""Chains run the times they should, and draw from the law they should."""

import math

import pytest
import torch

from truescore.errors import UserError
from truescore.simulate.simulation import Simulation
from truescore.targets import GinzburgLandauChain

from .stand_in import OrnsteinUhlenbeck, PlainEuler


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


class Clock:
    """Every entry counts the steps taken."""

    def __init__(self, dt):
        self.dt = dt

    def start(self, x):
        return torch.zeros_like(x)

    def run(self, x, steps, generator):
        return x + steps

    def output(self, x, generator):
        return x


def test_samples_come_at_their_times():
    simulation = Simulation(Clock(0.1), n_chains=3, burn_in=25.0, thin=0.3)
    steps = []
    blocks = list(simulation.blocks(8, 2, generator(), on_block=steps.append))
    assert [len(block) for block in blocks] == [3, 3, 2]
    assert [float(block[0, 0]) for block in blocks] == [250, 253, 256]
    assert sum(steps) == simulation.n_steps(8) == 256
    assert max(steps) == 100
    assert blocks[0].dtype == torch.float32


def test_no_burn_in_gives_the_start_itself():
    start = torch.randn(4, 3, dtype=torch.float64, generator=generator())
    simulation = Simulation(OrnsteinUhlenbeck(0.1), n_chains=4, burn_in=0.0, thin=1.0)
    (block,) = simulation.blocks(4, 3, generator(1), start)
    assert torch.equal(block, start.float())


def test_no_more_chains_than_samples():
    simulation = Simulation(Clock(0.1), n_chains=100, burn_in=1.0, thin=1.0)
    (block,) = simulation.blocks(7, 2, generator())
    assert len(block) == 7 and simulation.n_steps(7) == 10


def test_the_start_is_standard_normal(assert_mean):
    simulation = Simulation(OrnsteinUhlenbeck(0.1), n_chains=50_000, burn_in=0.0, thin=1.0)
    (x,) = simulation.blocks(50_000, 2, generator())
    assert_mean(x, torch.zeros(2))
    assert_mean(x**2, torch.ones(2))
    assert_mean(x[:, 0] * x[:, 1], 0.0)


def test_successive_samples_of_a_chain_have_the_known_correlation(assert_mean):
    simulation = Simulation(OrnsteinUhlenbeck(0.25), n_chains=100_000, burn_in=0.5, thin=0.5)
    first, second = simulation.blocks(200_000, 1, generator())
    assert_mean(first * second, math.exp(-0.5))
    assert_mean(first[1:] * second[:-1], 0.0)


def test_equal_seeds_give_equal_bits():
    simulation = Simulation(PlainEuler(GinzburgLandauChain(4), 1e-3), 5, burn_in=0.05, thin=0.01)
    first, second, other = (
        torch.cat(list(simulation.blocks(20, 4, generator(s)))) for s in (0, 0, 1)
    )
    assert torch.equal(first, second) and not torch.equal(first, other)


def test_a_divergence_is_one_line():
    simulation = Simulation(PlainEuler(GinzburgLandauChain(4), 0.5), 5, burn_in=50.0, thin=0.5)
    with pytest.raises(UserError, match="diverged.*lower dt"):
        list(simulation.blocks(5, 4, generator()))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"n_chains": 0}, "n_chains=0"),
        ({"burn_in": -1.0}, "burn_in=-1"),
        ({"burn_in": math.inf}, "burn_in=inf"),
        ({"thin": 0.0}, "thin=0"),
        ({"thin": math.nan}, "thin=nan"),
    ],
)
def test_impossible_settings_are_refused(values, message):
    with pytest.raises(UserError, match=message):
        Simulation(
            **{"integrator": Clock(0.1), "n_chains": 1, "burn_in": 0.0, "thin": 1.0} | values
        )


def test_impossible_requests_are_refused():
    simulation = Simulation(Clock(0.1), 3, burn_in=0.0, thin=1.0)
    with pytest.raises(UserError, match="n=0"):
        list(simulation.blocks(0, 2, generator()))
    with pytest.raises(UserError, match=r"\(3, 5\), expected \(3, 2\)"):
        list(simulation.blocks(9, 2, generator(), torch.zeros(3, 5)))
