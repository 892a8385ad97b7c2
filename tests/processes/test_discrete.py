"""Jump processes: their kernels, clocks and horizons."""

import itertools
import math

import pytest
import torch

from truescore.denoisers import oracle
from truescore.errors import UserError
from truescore.processes import Absorbing, SpinFlip, UniformJump
from truescore.processes.jump_schedules import SCHEDULES, jump_schedule
from truescore.targets import IndependentSpins, PottsRing

PROCESSES = [
    SpinFlip(4),
    UniformJump(4, 3),
    UniformJump(4, 5, schedule="geometric"),
    Absorbing(4),
    Absorbing(4, 3, spins=False, schedule="cosine"),
]
NAMES = [f"{type(p).__name__}-{p.n_states}" for p in PROCESSES]


def times(process, n=9):
    return torch.linspace(process.t_min, process.horizon, n, dtype=torch.float64)


@pytest.mark.parametrize("process", PROCESSES, ids=NAMES)
def test_evidence_is_the_kernels_ratio_of_a_sites_own_symbol_to_another(process):
    t = times(process)
    log_kernel = process.log_kernel(process.schedule.value(t))
    ratio = log_kernel[:, 0, 0] - log_kernel[:, 1, 0]
    torch.testing.assert_close(process.evidence(t), ratio, atol=0, rtol=1e-9)
    if not process.masks:
        late = process.evidence(t.float()).double() / process.evidence(t.float().double()) - 1
        assert float(late.abs().max()) < 1e-6


@pytest.mark.parametrize("process", PROCESSES, ids=NAMES)
def test_kernel_is_the_matrix_exponential(process):
    generator = process.generator()
    torch.testing.assert_close(generator.sum(1), torch.zeros(len(generator), dtype=torch.float64))
    for s, t in itertools.pairwise(times(process)):
        jumped = process.schedule.value(t) - process.schedule.value(s)
        expected = torch.linalg.matrix_exp(jumped * generator)
        found = process.log_transition(s[None], t[None])[0, 0].exp()
        torch.testing.assert_close(found, expected, atol=1e-11, rtol=0)
    still = process.log_transition(t[None], t[None])[0, 0].exp()
    torch.testing.assert_close(still, torch.eye(len(generator), dtype=torch.float64))


@pytest.mark.parametrize("process", PROCESSES, ids=NAMES)
def test_perturbed_sites_follow_the_kernel(process, assert_mean):
    n = 20_000
    x_0 = process.symbols[: process.n_states].repeat(n, 1)
    for time in times(process, 3):
        t = time.float().expand(n)
        x_t = process.perturb(x_0, t, torch.Generator().manual_seed(1))
        kernel = process.log_transition(torch.zeros(1), time.float()[None])[0, 0].exp()
        for a in range(process.n_states):
            assert_mean(x_t[:, a, None] == process.symbols, kernel[a].double())
            seen = process.log_likelihood(x_t[:5], 0 * t[:5], t[:5])
            expected = kernel[a, process.index(x_t[:5])[:, a]].log()
            torch.testing.assert_close(seen[:, a, a], expected)


@pytest.mark.parametrize("process", PROCESSES, ids=NAMES)
def test_a_trajectory_follows_the_kernel_from_each_of_its_times_to_the_next(process, assert_mean):
    n = 20_000
    x_0 = process.symbols[: process.n_states].repeat(n, 1)
    grid = times(process, 3).float()
    path = list(process.trajectory(x_0, grid, torch.Generator().manual_seed(7)))
    for (s, x_s), (t, x_t) in itertools.pairwise(zip(grid, path, strict=True)):
        from_data = process.log_transition(torch.zeros(1), t[None])[0, 0].exp()
        kernel = process.log_transition(s[None], t[None])[0, 0].exp()
        for a in range(process.n_states):
            assert_mean(x_t[:, a, None] == process.symbols, from_data[a].double())
        for b, symbol in enumerate(process.symbols):
            assert_mean(x_t[x_s == symbol][:, None] == process.symbols, kernel[b].double())


@pytest.mark.parametrize("process", PROCESSES, ids=NAMES)
def test_the_clock_against_the_log_snr_is_its_derivative(process):
    t = times(process).requires_grad_()
    (slope,) = torch.autograd.grad(process.log_snr(t).sum(), t)
    expected = -process.schedule.rate(t.detach()) / slope
    torch.testing.assert_close(process.clock_per_log_snr(t.detach()), expected)


@pytest.mark.parametrize("process", PROCESSES, ids=NAMES)
def test_sites_may_have_times_of_their_own(process):
    t = times(process, 4).flip(0)
    x_0 = process.symbols[[0, 1, 1, 0]].expand(3, 4)
    own = process.log_likelihood(x_0, 0 * t.expand(3, 4), t.expand(3, 4))
    for i, time in enumerate(t):
        alike = process.log_likelihood(x_0, torch.zeros(3).double(), time.expand(3))
        torch.testing.assert_close(own[:, i], alike[:, i])


@pytest.mark.parametrize("process", PROCESSES, ids=NAMES)
def test_log_snr_decreases_and_is_inverted(process):
    t = times(process, 41)
    log_snr = process.log_snr(t)
    assert (log_snr.diff() < 0).all()
    torch.testing.assert_close(process.time_from_log_snr(log_snr), t, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_start_at_zero_and_know_their_rate_and_inverse(name):
    schedule = jump_schedule(name)
    t = torch.linspace(1e-3, 0.95, 60, dtype=torch.float64)
    assert float(schedule.value(torch.zeros(1))) == 0
    h = 1e-6
    slope = (schedule.value(t + h) - schedule.value(t - h)) / (2 * h)
    torch.testing.assert_close(schedule.rate(t), slope, rtol=1e-7, atol=0)
    torch.testing.assert_close(schedule.inverse(schedule.value(t)), t, rtol=1e-10, atol=0)
    small = torch.tensor([1e-6])
    expected = schedule.value(small.double()).float()
    torch.testing.assert_close(schedule.value(small), expected, rtol=1e-6, atol=0)


def relative_entropy_to_uniform(target, process):
    x = torch.tensor(list(itertools.product(process.symbols.tolist(), repeat=target.dim))).double()
    log_p = oracle(target, process).log_prob(x, torch.full((len(x),), process.horizon).double())
    assert float(log_p.exp().sum()) == pytest.approx(1, abs=1e-9)
    return float(log_p.exp() @ log_p) + target.dim * math.log(process.n_states)


def test_the_horizon_keeps_its_promise_and_wastes_nothing():
    """The worst law is one certain state; for it the tolerance is reached to the digit."""
    for tolerance in (0.5, 0.01, 1e-4):
        certain = IndependentSpins(torch.full((6,), 1 - 1e-12, dtype=torch.float64))
        reached = relative_entropy_to_uniform(certain, SpinFlip(6, tolerance))
        assert reached == pytest.approx(tolerance, rel=1e-3)
        potts = PottsRing(4, 3, temperature=0.1)
        assert relative_entropy_to_uniform(potts, UniformJump(4, 3, tolerance)) < tolerance


def test_masks_are_all_that_is_expected_at_the_end(assert_mean):
    process, n = Absorbing(8, tolerance=0.5), 20_000
    x_t = process.perturb(torch.ones(n, 8), torch.full((n,), process.horizon), torch.Generator())
    assert set(x_t.unique().tolist()) == {0.0, 1.0}
    assert_mean((x_t != 0).double().sum(1), 0.5)
    assert process.sample_prior(3, 8, torch.Generator()).abs().max() == 0


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: SpinFlip(4, schedule="quick"), "got schedule='quick'"),
        (lambda: UniformJump(4, 3, tolerance=5.0), "got tolerance=5.0"),
        (lambda: Absorbing(4, 3), "got n_states=3 of spins"),
        (lambda: Absorbing(4, tolerance=4.0), "got tolerance=4.0"),
        (lambda: Absorbing(4, t_min=1.0), "got t_min=1.0"),
        (lambda: SpinFlip(4).index(torch.tensor([[0.0]])), "got a site of value 0"),
    ],
)
def test_what_cannot_be_is_refused(make, match):
    with pytest.raises(UserError, match=match):
        make()
