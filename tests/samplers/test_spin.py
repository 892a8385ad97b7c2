"""Spin samplers on the exact oracle: the law they end in, with no Monte Carlo at all.

On a ring of four the sampler's step is a 16 x 16 transition matrix, and its law after all steps a
product of them with the prior.
"""

import itertools
from typing import get_args

import pytest
import torch

from truescore.denoisers import oracle
from truescore.processes import SpinFlip
from truescore.samplers import AnalyticBridge, Grid, SpinEuler, time_grid
from truescore.targets import IndependentSpins, IsingRing

RING = IsingRing(4)
STATES = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=4)), dtype=torch.float64)


def at(time):
    return torch.full((len(STATES),), float(time), dtype=torch.float64)


def transition(sampler, denoiser, t, s):
    """P(x_s = row's column | x_t = row) over all states."""
    flip = sampler.flip_probability(denoiser, STATES, at(t), at(s))
    assert (flip >= 0).all()
    assert (flip <= 1).all()
    differs = STATES[:, None] != STATES[None]
    return torch.where(differs, flip[:, None], 1 - flip[:, None]).prod(-1)


def law_after(sampler, denoiser, start=None):
    """Exact law of the sampler's output, from the uniform prior unless told otherwise."""
    law = torch.full((16,), 1 / 16, dtype=torch.float64) if start is None else start
    times = time_grid(denoiser.process, sampler.steps, sampler.grid)
    for t, s in itertools.pairwise(times):
        law = law @ transition(sampler, denoiser, t, s)
    return law


def law_at(denoiser, t):
    return denoiser.log_prob(STATES, at(t)).exp()


def distance(p, q):
    """Total variation."""
    return float((p - q).abs().sum()) / 2


def error(sampler, ring):
    denoiser = oracle(ring, SpinFlip(4, tolerance=1e-6, t_min=1e-3))
    return distance(law_after(sampler, denoiser), ring.log_prob(STATES).exp())


@pytest.mark.parametrize("grid", [g for g in get_args(Grid) if g != "spectral"])
@pytest.mark.parametrize("kind", [SpinEuler, AnalyticBridge])
def test_error_halves_when_steps_double(kind, grid):
    """From the exact law at the horizon, so that the prior's own error is left out."""
    denoiser, truth = oracle(RING, SpinFlip(4, t_min=1e-4)), RING.log_prob(STATES).exp()
    start = law_at(denoiser, denoiser.process.horizon)
    steps = [64, 128, 256]
    errors = [distance(law_after(kind(n, grid), denoiser, start), truth) for n in steps]
    x, y = torch.tensor(steps).double().log2(), torch.tensor(errors).double().log2()
    order = -float((x - x.mean()) @ y / ((x - x.mean()) ** 2).sum())
    assert order == pytest.approx(1, abs=0.4)
    assert errors[-1] < 0.01


@pytest.mark.parametrize("good", [AnalyticBridge(32), AnalyticBridge(32, "geometric")])
@pytest.mark.parametrize(("temperature", "gain"), [(1.0, 4), (0.5, 10)])
def test_analytic_steps_on_a_good_grid_are_many_times_better_at_equal_cost(good, temperature, gain):
    """Than Euler steps on a uniform grid, from so late a time that the prior is exact."""
    ring, plain = IsingRing(4, temperature=temperature), SpinEuler(32, "uniform")
    assert good.evaluations == plain.evaluations == 32
    assert error(good, ring) < error(plain, ring) / gain


@pytest.mark.parametrize("steps", [2, 7])
def test_bridge_is_exact_for_independent_spins(steps):
    """Whatever the steps, since nothing but joint independence is approximate in them."""
    law = IndependentSpins(torch.tensor([0.9, -0.5, 0.0, 0.3]))
    denoiser = oracle(law, SpinFlip(4))
    start = law_at(denoiser, denoiser.process.horizon)
    end = law_after(AnalyticBridge(steps), denoiser, start)
    torch.testing.assert_close(end, law.log_prob(STATES).exp(), atol=1e-13, rtol=0)


@pytest.mark.parametrize(("t", "s"), [(1.5, 1.0), (0.5, 0.1), (0.2, 0.0), (1e-3, 0.0)])
def test_bridge_draws_each_spin_from_its_exact_law(t, s):
    """P(x_s^i | x_t) by Bayes' rule over all pairs of states."""
    denoiser = oracle(RING, SpinFlip(4))
    earlier = law_at(denoiser, s) if s > 0 else RING.log_prob(STATES).exp()
    q = (1 - torch.tensor(-2 * (t - s), dtype=torch.float64).exp()) / 2
    differs = STATES[:, None] != STATES[None]
    kernel = torch.where(differs, q, 1 - q).prod(-1)  # [x_t, x_s]
    joint = kernel * earlier
    posterior = joint / joint.sum(1, keepdim=True)
    expected = (posterior[..., None] * differs).sum(1)
    flip = AnalyticBridge(8).flip_probability(denoiser, STATES, at(t), at(s))
    torch.testing.assert_close(flip, expected, atol=1e-12, rtol=1e-10)


def test_euler_flips_at_the_reverse_rate():
    """p_t(flip_i x)/p_t(x) times the step, from enumerated p_t; clamped where that exceeds one."""
    denoiser = oracle(IsingRing(4, temperature=0.4), SpinFlip(4))
    p_t = law_at(denoiser, 1.0)
    rate = torch.empty(16, 4, dtype=torch.float64)
    for i in range(4):
        flipped = STATES.clone()
        flipped[:, i] *= -1
        same = (flipped[:, None] == STATES[None]).all(-1)
        rate[:, i] = (same.double() @ p_t) / p_t
    for step in (0.001, 0.05, 1.0):
        flip = SpinEuler(8).flip_probability(denoiser, STATES, at(1.0), at(1.0 - step))
        torch.testing.assert_close(flip, (rate * step).clamp(max=1), atol=1e-12, rtol=1e-10)
    assert float(rate.max()) > 1


@pytest.mark.parametrize("kind", [SpinEuler, AnalyticBridge])
def test_samples_follow_the_propagated_law(kind, assert_mean):
    """Few steps, whose law is visibly not the ring's: what is drawn is what was computed."""
    sampler, denoiser = kind(4, "uniform"), oracle(RING, SpinFlip(4))
    x = sampler.sample(denoiser, 20_000, 4, torch.Generator().manual_seed(1))
    assert set(x.unique().tolist()) == {-1.0, 1.0}
    law = law_after(sampler, denoiser)
    assert distance(law, RING.log_prob(STATES).exp()) > 0.1
    index = ((x + 1) / 2 @ torch.tensor([8.0, 4.0, 2.0, 1.0])).long()
    assert_mean(index[:, None] == torch.arange(16), law, slack=1e-6)
