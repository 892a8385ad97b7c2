"""Conditional samples on enumerated rings, and the bias of the naive ways beside them."""

import math

import pytest
import torch

from truescore.denoisers import SpinDenoiser, oracle
from truescore.errors import UserError
from truescore.processes import Absorbing, SpinFlip, UniformJump
from truescore.samplers import AnalyticBridge, AnalyticTrapezoidal, Conditioned
from truescore.samplers.conditional import at_power, exchange
from truescore.targets import IsingChain, IsingRing, PottsRing

from .test_discrete import distance, law_after, states_of
from .test_gibbs import rates_between_all_states

N = 3000
FIELD = IsingChain(6, [1.0, -0.5, 0.8, 1.2, 0.3, 0.9], [0.4, 0, -0.3, 0, 0.2, 0], "periodic")
HELD = {0: 1.0, 3: -1.0}


def clean_states(target):
    process = UniformJump(target.dim, target.n_states or 2)
    if target.state_space == "spin":
        process = SpinFlip(target.dim)
    return states_of(process, target.dim)


def law_of(target, held=None, power=1.0, magnetisation=None):
    """The law asked for, on all states."""
    states = clean_states(target)
    law = (power * target.log_prob(states)).exp()
    for site, value in (held or {}).items():
        law = law * (states[:, site] == value)
    if magnetisation is not None:
        law = law * (states.sum(1) == magnetisation)
    return law / law.sum()


def drawn(sampler, denoiser, seed=0, n=N):
    generator = torch.Generator().manual_seed(seed)
    return sampler.sample(denoiser, n, denoiser.target.dim, generator, chunk_size=n)


def frequencies(target, x):
    states = clean_states(target)
    return (x[:, None].double() == states).all(-1).double().mean(0)


def noise(law, n):
    """Total variation of n perfect samples from their law: its expectation, and six deviations."""
    each = (law * (1 - law) / n).sqrt() * (2 / math.pi) ** 0.5 / 2
    return float(each.sum()) + 6 * 0.5 / n**0.5


@pytest.mark.parametrize(
    ("target", "process", "condition"),
    [
        (FIELD, SpinFlip(6), {"held": HELD}),
        (FIELD, SpinFlip(6), {"power": 1.6}),
        (FIELD, SpinFlip(6), {"magnetisation": 2}),
        (FIELD, SpinFlip(6), {"held": HELD, "power": 0.5, "magnetisation": -2}),
        (FIELD, Absorbing(6), {"held": HELD, "power": 1.4}),
        (FIELD, Absorbing(6), {"magnetisation": 0}),
        (PottsRing(4), UniformJump(4, 3), {"held": {1: 2.0}, "power": 1.5}),
        (PottsRing(4), Absorbing(4, 3, spins=False), {"held": {1: 2.0, 2: 0.0}}),
    ],
)
def test_samples_follow_the_law_asked_for(target, process, condition, assert_mean):
    sampler = Conditioned(AnalyticBridge(4), sweeps=30, **condition)
    law = law_of(target, **condition)
    x = drawn(sampler, oracle(target, process))
    found = frequencies(target, x)
    assert found[law == 0].sum() == 0
    assert distance(found, law) < noise(law, N)
    common = law.topk(6).indices
    states = clean_states(target)
    assert_mean((x[:, None].double() == states[common]).all(-1), law[common], slack=1e-6)


def test_replacement_alone_is_biased_and_moves_cure_it():
    """However many steps: what is held pulls on the others only through noised copies of it."""
    cold = IsingRing(6, temperature=0.7)
    held = {0: 1.0, 2: -1.0, 3: 1.0}  # an improbable neighbourhood
    denoiser, law = oracle(cold, SpinFlip(6)), law_of(cold, held)

    def off(steps, sweeps):
        x = drawn(Conditioned(AnalyticBridge(steps), held, sweeps=sweeps), denoiser)
        return distance(frequencies(cold, x), law)

    naive = min(off(8, 0), off(32, 0))
    assert naive > 2 * noise(law, N)
    assert off(4, 20) < noise(law, N)


def test_with_masks_nothing_has_to_be_cured():
    """Held sites are sites without a mask: the bias is that of the steps alone."""
    held = {0: 1.0, 2: -1.0, 3: 1.0}
    law = law_of(FIELD, held)
    sampler = Conditioned(AnalyticBridge(32), held, sweeps=0)
    found = frequencies(FIELD, drawn(sampler, oracle(FIELD, Absorbing(6, tolerance=1e-3))))
    assert distance(found, law) < noise(law, N)


class ScaledLogOdds(SpinDenoiser):
    """The naive way to another temperature: log-ratios at every t times a power."""

    def __init__(self, exact, power):
        super().__init__()
        self.exact, self.process, self.power = exact, exact.process, power
        self.target = exact.target

    def log_odds(self, x_t, t):
        return self.power * self.exact.log_odds(x_t, t)


def test_scaled_log_ratios_sample_another_law():
    """By enumeration: doubled steps hardly move it, and it is not the ring at T' = T/1.5."""
    ring = IsingRing(4)
    exact = oracle(ring, SpinFlip(4, t_min=1e-4))
    states, power = clean_states(ring), 1.5
    naive = ScaledLogOdds(exact, power)
    energies = [
        float(law_after(AnalyticBridge(steps), naive) @ ring.energy(states)) / 4
        for steps in (128, 256)
    ]
    wanted = float(law_of(ring, power=power) @ ring.energy(states)) / 4
    steps_left = abs(energies[1] - energies[0])
    assert abs(energies[1] - wanted) > 10 * steps_left


def test_moves_meet_the_energy_at_another_temperature(assert_mean):
    ring = IsingRing(8)
    law, states = law_of(ring, power=1.5), clean_states(ring)
    x = drawn(
        Conditioned(AnalyticTrapezoidal(8), power=1.5, sweeps=60),
        oracle(ring, SpinFlip(8)),
        n=2000,
    )
    assert_mean(ring.energy(x), law @ ring.energy(states))
    assert float(ring.energy(x).mean()) < float(-8 * math.tanh(1))  # the energy at T


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_moves_of_single_sites_leave_the_power_invariant(power):
    denoiser = oracle(FIELD, SpinFlip(6))
    states, law = clean_states(FIELD), law_of(FIELD, power=power)
    rates = rates_between_all_states(at_power(denoiser, power), denoiser.process, states)
    torch.testing.assert_close(law @ rates, torch.zeros_like(law), atol=1e-13, rtol=0)


def test_exchanges_leave_the_law_at_fixed_sum_invariant(assert_mean):
    """From exact samples, after three moves; from one state, after one move, to what it may be."""
    denoiser, law = oracle(FIELD, SpinFlip(6)), law_of(FIELD, magnetisation=0)
    states, generator = clean_states(FIELD), torch.Generator().manual_seed(4)
    free, level = torch.ones(6, dtype=torch.bool), at_power(denoiser, 1.0)
    x = states[torch.multinomial(law, N, replacement=True, generator=generator)].float()
    moved = exchange(level, x, 1.0, generator, free)
    assert (moved.sum(1) == 0).all() and (moved != x).any()
    common = law.topk(10).indices
    assert_mean((moved[:, None].double() == states[common]).all(-1), law[common], slack=1e-6)


@pytest.mark.parametrize(
    ("condition", "line"),
    [
        ({"held": {6: 1.0}}, "got site 6 held, expected a site from 0 to 5"),
        ({"held": {-1: 1.0}}, "got site -1 held"),
        ({"held": {0: 0.0}}, "got site 0 held at 0, expected one of -1, 1"),
        ({"magnetisation": 8}, "got magnetisation=8, expected -6, -4, .. 6 of 6 spins"),
        ({"magnetisation": 1}, "got magnetisation=1"),
        ({"held": {0: 1.0, 1: 1.0}, "magnetisation": -4}, "expected -2, 0, .. 6 of 6"),
    ],
)
def test_conditions_that_no_point_meets_are_refused(condition, line):
    with pytest.raises(UserError) as told:
        drawn(Conditioned(AnalyticBridge(4), **condition), oracle(FIELD, SpinFlip(6)))
    assert line in str(told.value) and "\n" not in str(told.value)


def test_numbers_that_mean_nothing_are_refused():
    with pytest.raises(UserError, match="got power=0"):
        Conditioned(AnalyticBridge(4), power=0.0)
    with pytest.raises(UserError, match="got sweeps=-1"):
        Conditioned(AnalyticBridge(4), sweeps=-1)
    with pytest.raises(UserError, match="of states, expected spins"):
        drawn(
            Conditioned(AnalyticBridge(4), magnetisation=2),
            oracle(PottsRing(4), UniformJump(4, 3)),
        )
