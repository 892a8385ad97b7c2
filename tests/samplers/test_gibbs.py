"""Heat-bath moves: by enumeration they leave p_t as it is, and what is drawn is what they say."""

import pytest
import torch

from truescore.denoisers import DiscreteDenoiser, oracle
from truescore.errors import UserError
from truescore.processes import Absorbing, SpinFlip
from truescore.samplers import AnalyticBridge, Gibbs, GibbsCorrected, heat_bath
from truescore.samplers.gibbs import at_level, heat_bath_in_rounds
from truescore.targets import IsingRing

from .test_discrete import (
    SYSTEMS,
    distance,
    law_after,
    law_at,
    number_of,
    states_of,
    transition,
    truth,
)

LEVEL = 0.3


def rates_between_all_states(conditionals, process, states):
    """The generator of heat-bath moves, ``(N, N)``: one site redrawn at a time."""
    law, index = conditionals(states).exp(), process.index(states)
    rates = torch.zeros(len(states), len(states), dtype=torch.float64)
    for i in range(states.shape[1]):
        for b, symbol in enumerate(process.symbols):
            moved = states.clone()
            moved[:, i] = symbol
            rates[torch.arange(len(states)), number_of(process, moved)] += law[:, i, b] * (
                index[:, i] != b
            )
    return rates - torch.diag(rates.sum(1))


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_noised_law_is_invariant(system):
    denoiser = oracle(*SYSTEMS[system])
    process, states = denoiser.process, states_of(denoiser.process, denoiser.target.dim)
    time = torch.tensor(LEVEL, dtype=torch.float64)
    rates = rates_between_all_states(at_level(denoiser, time), process, states)
    p_t = law_at(denoiser, LEVEL)
    assert float(rates.abs().max()) > 0.1
    torch.testing.assert_close(p_t @ rates, torch.zeros_like(p_t), atol=1e-13, rtol=0)


@pytest.mark.parametrize("system", ["flips", "Potts masks"])
def test_what_moves_is_what_the_rates_say(system, assert_mean):
    """From one state, after half a redraw of each site, against the exponential of the rates."""
    denoiser = oracle(*SYSTEMS[system])
    process, states = denoiser.process, states_of(denoiser.process, denoiser.target.dim)
    level = at_level(denoiser, torch.tensor(LEVEL, dtype=torch.float64))
    expected = torch.linalg.matrix_exp(0.5 * rates_between_all_states(level, process, states))[0]
    x = heat_bath(level, process, states[:1].expand(20_000, -1), 0.5, _generator(1))
    common = expected.topk(min(12, len(states))).indices
    assert_mean(number_of(process, x)[:, None] == common, expected[common], slack=1e-6)


def test_held_sites_and_no_sweeps_move_nothing():
    denoiser = oracle(*SYSTEMS["flips"])
    level = at_level(denoiser, torch.tensor(LEVEL, dtype=torch.float64))
    x = torch.ones(500, 4)
    free = torch.tensor([True, False, True, False])
    moved = heat_bath(level, denoiser.process, x, 3.0, _generator(2), free)
    assert (moved[:, ~free] == 1).all() and (moved[:, free] == -1).any()
    assert (x == 1).all()
    assert (heat_bath(level, denoiser.process, x, 0.0, _generator(2)) == x).all()


@pytest.mark.parametrize("system", SYSTEMS)
def test_corrections_bring_a_coarse_sampler_nearer(system):
    """Four steps of the analytic bridge, enumerated with and without the corrections."""
    denoiser = oracle(*SYSTEMS[system])
    process, states = denoiser.process, states_of(denoiser.process, denoiser.target.dim)
    plain, law = AnalyticBridge(4), truth(denoiser)
    times = plain.times(denoiser)
    corrected = process.prior()[process.index(states)].prod(1)
    for t, s in zip(times[:-1], times[1:], strict=True):
        corrected = corrected @ transition(plain, denoiser, t, s)
        if s > 0:
            rates = rates_between_all_states(at_level(denoiser, s), process, states)
            corrected = corrected @ torch.linalg.matrix_exp(2 * rates)
    assert distance(corrected, law) < distance(law_after(plain, denoiser), law) / 2


@pytest.mark.parametrize("predictor", ["analytic", "theta_trapezoidal"])
def test_a_corrected_sampler_is_nearer_to_the_truth(predictor):
    """By 4,000 samples, whose own distance of correlations from the truth is 0.01."""
    denoiser = oracle(*SYSTEMS["flips"])
    few, many = (
        GibbsCorrected(3, predictor=predictor, sweeps=sweeps).sample(
            denoiser, 4000, 4, _generator(3), chunk_size=2000
        )
        for sweeps in (1e-6, 5.0)
    )
    exact = float(denoiser.target.covariance()[0, 1])
    off = [abs(float((x * x.roll(1, 1)).mean()) - exact) for x in (few, many)]
    assert off[1] < 0.04 < off[0]


def round_between_all_states(conditionals, process, states, sweeps):
    """The kernel ``(N, N)`` of one round: each site stays with exp(-sweeps P(another | rest))."""
    law, index = conditionals(states).exp(), process.index(states)
    other = law.scatter(-1, index[..., None], 0.0)
    total = other.sum(-1, keepdim=True)
    site = other / total * -torch.expm1(-sweeps * total)
    site = site.scatter(-1, index[..., None], torch.exp(-sweeps * total))
    kernel = torch.ones(len(states), len(states), dtype=torch.float64)
    for i in range(states.shape[1]):
        kernel *= site[:, i][:, index[:, i]]
    return kernel


def test_a_round_moves_every_site_as_its_own_rates_say(assert_mean):
    denoiser = oracle(*SYSTEMS["Potts masks"])
    process, states = denoiser.process, states_of(denoiser.process, denoiser.target.dim)
    level = at_level(denoiser, torch.tensor(LEVEL, dtype=torch.float64))
    kernel = round_between_all_states(level, process, states, 0.4)
    expected = (kernel @ kernel)[0]
    start = states[:1].expand(20_000, -1)
    x = heat_bath_in_rounds(level, process, start, 0.8, 2, _generator(6))
    common = expected.topk(12).indices
    assert_mean(number_of(process, x)[:, None] == common, expected[common], slack=1e-6)


@pytest.mark.parametrize("system", SYSTEMS)
def test_rounds_leave_the_law_invariant_to_first_order(system):
    """Two sweeps in twice the rounds change p_t by half as much."""
    denoiser = oracle(*SYSTEMS[system])
    process, states = denoiser.process, states_of(denoiser.process, denoiser.target.dim)
    level, p_t = (
        at_level(denoiser, torch.tensor(LEVEL, dtype=torch.float64)),
        law_at(denoiser, LEVEL),
    )
    changes = []
    for rounds in (32, 64):
        kernel = round_between_all_states(level, process, states, 2 / rounds)
        changes.append(distance(p_t @ torch.linalg.matrix_power(kernel, rounds), p_t))
    assert changes[0] / changes[1] == pytest.approx(2, rel=0.1)


def test_rounds_are_counted_and_bring_a_coarse_sampler_nearer():
    denoiser = oracle(*SYSTEMS["flips"])
    plain, corrected = AnalyticBridge(3), GibbsCorrected(3, sweeps=5.0, rounds=80)
    assert corrected.evaluations == 3 + 2 * 80
    assert GibbsCorrected(3, sweeps=5.0).evaluations is None
    exact = float(denoiser.target.covariance()[0, 1])
    off = [
        abs(float((x * x.roll(1, 1)).mean()) - exact)
        for sampler in (plain, corrected)
        for x in (sampler.sample(denoiser, 4000, 4, _generator(7), chunk_size=2000),)
    ]
    assert off[1] < off[0] / 5


def test_what_cannot_be_is_refused():
    with pytest.raises(UserError, match="got sampler.predictor='heun'"):
        GibbsCorrected(predictor="heun")
    with pytest.raises(UserError, match="got sampler.sweeps=0"):
        GibbsCorrected(sweeps=0)
    with pytest.raises(UserError, match="got sampler.rounds=0"):
        GibbsCorrected(rounds=0)


def test_conditionals_of_the_data_are_extrapolated_to_them():
    """As a network answers, from t_min on: an error of second order in t_min."""
    denoiser = oracle(IsingRing(4), SpinFlip(4))
    states = states_of(denoiser.process, 4)
    exact = denoiser.data_log_probs(states)
    torch.testing.assert_close(
        exact[..., 1] - exact[..., 0], denoiser.target.site_log_odds(states), atol=1e-12, rtol=0
    )
    law, errors = denoiser.target.log_prob(states).exp(), []
    for t_min in (2e-4, 1e-4):
        denoiser.process.t_min = t_min
        found = DiscreteDenoiser.data_log_probs(denoiser, states)
        errors.append(float(law @ (found - exact).abs().mean((1, 2))))
    assert errors[1] < 1e-5
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.15)


class Peeping(DiscreteDenoiser):
    """Tells what a site is wherever it is not masked, as a network under masks may."""

    state_space = "spin"
    masked_only = True

    def __init__(self, exact):
        super().__init__()
        self.exact, self.process = exact, exact.process

    def clean_log_probs(self, x_t, t):
        seen = torch.stack([x_t == value for value in self.process.symbols[:2]], -1)
        known = seen.any(-1, keepdim=True)
        told = torch.where(seen, 0.0, -10.0).double()
        return torch.where(known, told, self.exact.clean_log_probs(x_t, t))


def test_under_masks_a_site_is_hidden_before_it_is_asked_for():
    exact = oracle(IsingRing(4), Absorbing(4))
    states = states_of(SpinFlip(4), 4)
    close = {"atol": 1e-12, "rtol": 0}
    torch.testing.assert_close(
        Peeping(exact).data_log_probs(states), exact.data_log_probs(states), **close
    )
    noisy = states_of(exact.process, 4)
    t = torch.full((len(noisy),), 0.3)
    torch.testing.assert_close(
        Peeping(exact).hidden_log_probs(noisy, t), exact.clean_log_probs(noisy, t), **close
    )


def _generator(seed):
    return torch.Generator().manual_seed(seed)


def test_moves_at_the_data_alone_end_in_their_law(assert_mean):
    denoiser = oracle(IsingRing(4), SpinFlip(4, t_min=1e-5))
    x = Gibbs(20).sample(denoiser, 20_000, 4, _generator(5), chunk_size=20_000)
    assert_mean((x[:, 0] * x[:, 1]), denoiser.target.covariance()[0, 1], slack=1e-4)
    with pytest.raises(UserError, match=r"sampler\.steps=0"):
        Gibbs(0)
