"""Samplers of discrete sites on the exact oracle: the law they end in, with no Monte Carlo at all.

On a ring of four a step is a transition matrix between all states, masks among them, and the
sampler's law after all steps a product of them with the prior.
"""

import itertools
from typing import get_args

import pytest
import torch

from truescore.denoisers import oracle
from truescore.errors import UserError
from truescore.processes import Absorbing, SpinFlip, UniformJump
from truescore.samplers import (
    AnalyticBridge,
    AnalyticTrapezoidal,
    Grid,
    JumpEuler,
    TauLeaping,
    ThetaTrapezoidal,
    Uniformization,
    time_grid,
)
from truescore.samplers.jumps import log_rates
from truescore.samplers.trapezoidal import TwoStages
from truescore.targets import IndependentSpins, IsingRing, PottsRing

RING, SMALL, POTTS = IsingRing(4), IsingRing(3), PottsRing(3)
SYSTEMS = {
    "flips": (RING, SpinFlip(4, t_min=1e-4)),
    "masks": (SMALL, Absorbing(3, tolerance=1e-3, t_min=1e-2)),
    "Potts flips": (POTTS, UniformJump(3, 3, t_min=1e-4)),
    "Potts masks": (POTTS, Absorbing(3, 3, spins=False, tolerance=1e-3, t_min=1e-2)),
}
FIRST_ORDER = [JumpEuler, TauLeaping, AnalyticBridge]
SECOND_ORDER = [ThetaTrapezoidal, AnalyticTrapezoidal]


def states_of(process, dim):
    symbols = process.symbols.double().tolist()
    return torch.tensor(list(itertools.product(symbols, repeat=dim)), dtype=torch.float64)


def number_of(process, x):
    """Where states stand among `states_of`."""
    base = len(process.symbols) ** torch.arange(x.shape[1] - 1, -1, -1)
    return process.index(x) @ base


def at(time, states):
    return torch.full((len(states),), float(time), dtype=torch.float64)


def between_all_states(process, log_law, states):
    """P(y | x) of sites that are drawn each from its own law given x, ``(N, N)``."""
    law, index = log_law.exp(), process.index(states)
    assert (law >= 0).all()
    torch.testing.assert_close(law.sum(-1), torch.ones_like(law[..., 0]))
    return torch.stack([law[:, i, index[:, i]] for i in range(states.shape[1])]).prod(0)


def transition(sampler, denoiser, t, s):
    """P(x_s = column | x_t = row) over all states."""
    process, states = denoiser.process, states_of(denoiser.process, denoiser.target.dim)
    t, s = at(t, states), at(s, states)
    if not isinstance(sampler, TwoStages) or not s.any():
        step = sampler if not isinstance(sampler, TwoStages) else AnalyticBridge()
        return between_all_states(process, step.log_transition(denoiser, states, t, s), states)
    m = t - sampler.theta * (t - s)
    before, after = denoiser.clean_log_probs(states, t), denoiser.clean_log_probs(states, m)
    first = between_all_states(process, sampler.first_stage(process, before, states, t, m), states)
    result = torch.zeros_like(first)
    for row in range(len(states)):
        x_t = states[row].expand_as(states)
        known = before[row].expand_as(before)
        law = sampler.second_stage(process, known, after, x_t, states, t, m, s)
        result[row] = first[row] @ between_all_states(process, law, states)
    return result


def law_after(sampler, denoiser, start=None):
    """Exact law of the sampler's output, from the prior unless told otherwise."""
    states = states_of(denoiser.process, denoiser.target.dim)
    law = start
    if law is None:
        law = denoiser.process.prior()[denoiser.process.index(states)].prod(1)
    times = time_grid(denoiser.process, sampler.steps, sampler.grid)
    for t, s in itertools.pairwise(times):
        law = law @ transition(sampler, denoiser, t, s)
    return law


def law_at(denoiser, t):
    states = states_of(denoiser.process, denoiser.target.dim)
    return denoiser.log_prob(states, at(t, states)).exp()


def truth(denoiser):
    """The law itself on all noisy states; those with masks have none of it."""
    states = states_of(denoiser.process, denoiser.target.dim)
    clean = torch.isin(states, denoiser.process.symbols[: denoiser.process.n_states]).all(1)
    law = torch.zeros(len(states), dtype=torch.float64)
    law[clean] = denoiser.target.log_prob(states[clean]).exp()
    return law


def distance(p, q):
    """Total variation."""
    return float((p - q).abs().sum()) / 2


def order_of(kind, system, grid, steps):
    """Slope of the error, from the exact law at the horizon, so that the prior's is left out."""
    denoiser = oracle(*SYSTEMS[system])
    start = law_at(denoiser, denoiser.process.horizon)
    errors = [distance(law_after(kind(n, grid), denoiser, start), truth(denoiser)) for n in steps]
    x, y = torch.tensor(steps).double().log2(), torch.tensor(errors).double().log2()
    return -float((x - x.mean()) @ y / ((x - x.mean()) ** 2).sum()), errors[-1]


@pytest.mark.parametrize("grid", [g for g in get_args(Grid) if g not in ("spectral", "entropy")])
@pytest.mark.parametrize("kind", FIRST_ORDER)
def test_error_halves_when_steps_double(kind, grid):
    order, last = order_of(kind, "flips", grid, [64, 128, 256])
    assert order == pytest.approx(1, abs=0.4)
    assert last < 0.02


@pytest.mark.parametrize("system", ["masks", "Potts flips", "Potts masks"])
@pytest.mark.parametrize("kind", FIRST_ORDER)
def test_first_order_holds_for_every_system(kind, system):
    order, last = order_of(kind, system, "quadratic", [32, 64, 128])
    assert order == pytest.approx(1, abs=0.4)
    assert last < 0.05


@pytest.mark.parametrize("system", ["flips", "Potts flips"])
@pytest.mark.parametrize("kind", SECOND_ORDER)
def test_two_stages_quarter_the_error(kind, system):
    """While it is large; cutting at zero leaves a part of first order below a TV of 0.005."""
    order, last = order_of(kind, system, "geometric", [4, 8, 16])
    assert order > 1.7
    assert last < 0.02


@pytest.mark.parametrize("system", ["flips", "Potts flips"])
def test_the_analytic_trapezoid_is_several_times_nearer_at_equal_cost(system):
    """31 evaluations each, on the grid that serves the bridge best."""
    denoiser = oracle(*SYSTEMS[system])
    sampler, plain = AnalyticTrapezoidal(16, "quadratic"), AnalyticBridge(31, "quadratic")
    assert sampler.evaluations == plain.evaluations == 31
    start, law = law_at(denoiser, denoiser.process.horizon), truth(denoiser)
    errors = [distance(law_after(kind, denoiser, start), law) for kind in (sampler, plain)]
    assert errors[0] < errors[1] / 5


@pytest.mark.parametrize("good", [AnalyticBridge(32), AnalyticBridge(32, "geometric")])
@pytest.mark.parametrize(("temperature", "gain"), [(1.0, 4), (0.5, 10)])
def test_analytic_steps_on_a_good_grid_are_many_times_better_at_equal_cost(good, temperature, gain):
    """Than Euler steps on a uniform grid, from so late a time that the prior is exact."""
    plain = JumpEuler(32, "uniform")
    assert good.evaluations == plain.evaluations == 32
    process = SpinFlip(4, tolerance=1e-6, t_min=1e-3)
    denoiser = oracle(IsingRing(4, temperature=temperature), process)
    errors = [distance(law_after(kind, denoiser), truth(denoiser)) for kind in (good, plain)]
    assert errors[0] < errors[1] / gain


@pytest.mark.parametrize("kind", [AnalyticBridge, AnalyticTrapezoidal])
@pytest.mark.parametrize("process", [SpinFlip(4), Absorbing(4)], ids=["flips", "masks"])
@pytest.mark.parametrize("steps", [2, 7])
def test_bridge_is_exact_for_independent_spins(kind, process, steps):
    """Whatever the steps, since nothing but joint independence is approximate in them."""
    law = IndependentSpins(torch.tensor([0.9, -0.5, 0.0, 0.3]))
    denoiser = oracle(law, process)
    start = law_at(denoiser, process.horizon)
    end = law_after(kind(steps, "geometric"), denoiser, start)
    torch.testing.assert_close(end, truth(denoiser), atol=1e-12, rtol=0)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(("t", "s"), [(0.5, 0.3), (0.2, 0.0), (1e-3, 0.0)])
def test_bridge_draws_each_site_from_its_exact_law(system, t, s):
    """P(x_s^i | x_t) by Bayes' rule over all pairs of states."""
    target, process = SYSTEMS[system]
    denoiser, states = oracle(target, process), states_of(process, target.dim)
    earlier = law_at(denoiser, s) if s > 0 else truth(denoiser)
    kernel = process.log_transition(at(s, states)[:1], at(t, states)[:1])[0, 0].exp()
    index = process.index(states)
    from_to = torch.stack([kernel[index[:, i]][:, index[:, i]] for i in range(target.dim)]).prod(0)
    joint = from_to.mT * earlier  # [x_t, x_s]
    possible = joint.sum(1) > 0
    posterior = joint[possible] / joint[possible].sum(1, keepdim=True)
    expected = torch.stack(
        [
            torch.stack(
                [posterior[:, index[:, i] == b].sum(1) for b in range(len(process.symbols))], 1
            )
            for i in range(target.dim)
        ],
        1,
    )
    found = AnalyticBridge(8).log_transition(denoiser, states, at(t, states), at(s, states)).exp()
    torch.testing.assert_close(found[possible], expected, atol=1e-11, rtol=1e-9)


@pytest.mark.parametrize("system", SYSTEMS)
def test_rates_are_those_of_the_reversed_process(system):
    """R(x -> y) = beta(t) Q(y, x) p_t(y)/p_t(x), from enumerated p_t."""
    target, process = SYSTEMS[system]
    denoiser, states = oracle(target, process), states_of(process, target.dim)
    t, time = at(0.4, states), torch.tensor(0.4, dtype=torch.float64)
    p_t, index = law_at(denoiser, 0.4), process.index(states)
    rates = log_rates(process, denoiser.clean_log_probs(states, t), states, t).exp()
    for i, b in itertools.product(range(target.dim), range(len(process.symbols))):
        moved = states.clone()
        moved[:, i] = process.symbols[b]
        into = process.generator()[b, index[:, i]] * (b != index[:, i])
        expected = process.schedule.rate(time) * into * p_t[number_of(process, moved)] / p_t
        possible = p_t > 0
        torch.testing.assert_close(rates[possible, i, b], expected[possible])
        assert (
            rates.sum(-1)[possible]
            <= process.schedule.rate(time) * (process.reverse_rate_bound(time) * (1 + 1e-12))
        ).all()


def test_steps_that_are_too_long_for_euler_are_cut_and_leave_a_law():
    denoiser = oracle(IsingRing(4, temperature=0.4), SpinFlip(4))
    states = states_of(denoiser.process, 4)
    leave = JumpEuler(8).log_transition(denoiser, states, at(1.0, states), at(0.01, states)).exp()
    assert float(leave.max()) == pytest.approx(1)
    torch.testing.assert_close(leave.sum(-1), torch.ones(16, 4, dtype=torch.float64))


@pytest.mark.parametrize("system", ["flips", "Potts masks"])
@pytest.mark.parametrize("kind", [*FIRST_ORDER, *SECOND_ORDER])
def test_samples_follow_the_propagated_law(kind, system, assert_mean):
    """Few steps, whose law is visibly not the ring's: what is drawn is what was computed."""
    target, process = SYSTEMS[system]
    sampler, denoiser = kind(4, "quadratic"), oracle(target, process)
    x = sampler.sample(
        denoiser, 20_000, target.dim, torch.Generator().manual_seed(1), chunk_size=5000
    )
    law = law_after(sampler, denoiser)
    assert distance(law, truth(denoiser)) > 1e-3
    common = law.topk(12).indices
    assert_mean(number_of(process, x)[:, None] == common, law[common], slack=1e-6)


@pytest.mark.parametrize("system", SYSTEMS)
def test_events_have_no_step_size_error(system, assert_mean):
    """Two intervals or eight: the ring's own law, to the precision of 5,000 samples."""
    target, process = SYSTEMS[system]
    process.t_min = 0.05  # the bound on all rates grows like 1 / t_min
    denoiser = oracle(target, process)
    expected = truth(denoiser)
    for steps in (2, 6):
        sampler = Uniformization(steps, "geometric")
        x = sampler.sample(
            denoiser, 5000, target.dim, torch.Generator().manual_seed(2), chunk_size=5000
        )
        common = expected.topk(12).indices
        # The prior is not quite p_T.
        assert_mean(number_of(process, x)[:, None] == common, expected[common], slack=2e-3)
    assert distance(law_after(AnalyticBridge(3, "geometric"), denoiser), expected) > 0.02


@pytest.mark.parametrize("theta", [0.0, 1.0])
def test_stages_of_no_length_are_refused(theta):
    with pytest.raises(UserError, match=f"got theta={theta}"):
        ThetaTrapezoidal(theta=theta)
