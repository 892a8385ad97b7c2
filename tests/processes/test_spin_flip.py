"""The spin-flip process: its law, its clock, and the horizon's promise on every kind of law."""

import itertools
import math

import pytest
import torch

from truescore.denoisers import oracle
from truescore.errors import UserError
from truescore.processes import SpinFlip
from truescore.targets import IndependentSpins, IsingRing


def times(process, n=41):
    return torch.linspace(process.t_min, process.horizon, n, dtype=torch.float64)


@pytest.mark.parametrize("t", [0.01, 0.2, 1.0, SpinFlip(3).horizon])
def test_spins_flip_independently_with_their_probability(t, assert_mean):
    process, n = SpinFlip(3), 40_000
    x_0 = torch.tensor([1.0, -1.0, 1.0])
    x_t = process.perturb(x_0.expand(n, 3), torch.full((n,), t), torch.Generator().manual_seed(1))
    assert set(x_t.unique().tolist()) == {-1.0, 1.0}
    # Every product of k spins is damped by alpha^k: the full law on eight states.
    alpha = math.exp(-2 * t)
    agreement = (x_t * x_0).double()
    for size in (1, 2, 3):
        for sites in itertools.combinations(range(3), size):
            assert_mean(agreement[:, sites].prod(1), alpha**size)


@pytest.mark.parametrize("step", [0.3, 0.1, 0.02])
@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_trajectories_have_the_law_of_perturb_at_every_time_however_long_the_steps(
    step, schedule, assert_mean
):
    """Every product of spins at one time, and the correlation with the time before."""
    process, n = SpinFlip(3, schedule=schedule), 20_000
    x_0 = torch.tensor([1.0, -1.0, 1.0])
    grid = torch.arange(1, 4) * step
    path = process.trajectory(x_0.expand(n, 3), grid, torch.Generator().manual_seed(5))
    before, alpha_before = x_0.expand(n, 3), torch.tensor(1.0)
    for t, x_t in zip(grid, path, strict=True):
        alpha = process.alpha(t.double())
        agreement = (x_t * x_0).double()
        for size in (1, 2, 3):
            for sites in itertools.combinations(range(3), size):
                assert_mean(agreement[:, sites].prod(1), float(alpha**size))
        assert_mean((x_t * before).double().mean(1), float(alpha / alpha_before))
        before, alpha_before = x_t, alpha


def test_every_point_is_perturbed_at_its_own_time(assert_mean):
    process, n = SpinFlip(1), 20_000
    t = torch.tensor([0.05, 1.0]).repeat(n, 1)
    generator = torch.Generator().manual_seed(2)
    x_t = process.perturb(torch.ones(2 * n, 1), t.flatten(), generator).reshape(n, 2)
    assert_mean(x_t, (-2 * t[0].double()).exp())


def test_flip_probability_is_that_of_a_two_state_chain():
    """exp(t Q) with unit rates, by the matrix exponential."""
    rates = torch.tensor([[-1.0, 1.0], [1.0, -1.0]], dtype=torch.float64)
    process = SpinFlip(4)
    for t in times(process, 9):
        transition = torch.linalg.matrix_exp(t * rates)
        # The matrix exponential itself is good to 1e-12.
        close = {"atol": 1e-11, "rtol": 0}
        torch.testing.assert_close(process.flip_probability(t), transition[0, 1], **close)
        kept = transition[0, 0] - transition[0, 1]
        torch.testing.assert_close(process.alpha(t), kept, **close)
        odds = (transition[0, 0] / transition[0, 1]).log()
        torch.testing.assert_close(process.evidence(t), odds, atol=1e-9, rtol=0)


def test_flip_probability_of_the_smallest_times_keeps_its_digits_in_float32():
    process = SpinFlip(4)
    t = torch.tensor([1e-9, 1e-6, 1e-3])
    exact = process.flip_probability(t.double())
    torch.testing.assert_close(process.flip_probability(t).double(), exact, atol=0, rtol=1e-6)
    torch.testing.assert_close(exact, t.double(), atol=0, rtol=2e-3)


def test_log_snr_decreases_and_is_inverted():
    process = SpinFlip(64)
    t = times(process)
    log_snr = process.log_snr(t)
    expected = (process.alpha(t) ** 2 / (1 - process.alpha(t) ** 2)).log()
    torch.testing.assert_close(log_snr, expected, atol=1e-11, rtol=0)
    assert (log_snr.diff() < 0).all()
    torch.testing.assert_close(process.time_from_log_snr(log_snr), t, atol=1e-10, rtol=1e-10)
    levels = torch.linspace(-9, 15, 49, dtype=torch.float64)
    back = process.log_snr(process.time_from_log_snr(levels))
    torch.testing.assert_close(back, levels, atol=1e-10, rtol=0)


def relative_entropy_to_uniform(target, process):
    """KL(p_T || uniform) by enumeration."""
    x = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=target.dim)), dtype=torch.float64)
    t = torch.full((len(x),), process.horizon, dtype=torch.float64)
    log_p = oracle(target, process).log_prob(x, t)
    assert float(log_p.exp().sum()) == pytest.approx(1, abs=1e-12)
    return float(log_p.exp() @ log_p) + target.dim * math.log(2)


@pytest.mark.parametrize("tolerance", [0.5, 0.01, 1e-4])
@pytest.mark.parametrize("dim", [3, 8])
def test_horizon_is_as_close_to_uniform_as_promised(dim, tolerance):
    process = SpinFlip(dim, tolerance)
    almost_certain = IndependentSpins(torch.full((dim,), 1 - 1e-9, dtype=torch.float64))
    laws = [
        IsingRing(dim, temperature=0.1),
        IsingRing(dim, temperature=1.0),
        IsingRing(dim, coupling=-1.0, temperature=0.2),
        almost_certain,
    ]
    for law in laws:
        assert relative_entropy_to_uniform(law, process) <= tolerance
    # A law of one certain state is the worst; the horizon must not be wastefully long for it.
    assert relative_entropy_to_uniform(almost_certain, process) >= 0.6 * tolerance


def test_description_names_the_horizon_and_the_bound():
    process = SpinFlip(64, tolerance=0.02)
    assert f"{process.horizon:.4g}" in process.describe()
    assert "0.02" in process.describe()


def test_prior_is_uniform(assert_mean):
    x = SpinFlip(3).sample_prior(40_000, 3, torch.Generator().manual_seed(3))
    assert x.shape == (40_000, 3)
    state = ((x + 1) / 2) @ torch.tensor([1.0, 2.0, 4.0])
    assert_mean(state[:, None] == torch.arange(8), torch.full((8,), 1 / 8))


def test_perturbation_depends_on_the_generator_alone():
    process = SpinFlip(8)
    x_0, t = torch.ones(16, 8), torch.full((16,), 0.3)
    first, again, other = (
        process.perturb(x_0, t, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"dim": 4, "tolerance": 0.0}, "tolerance=0.0"),
        ({"dim": 4, "tolerance": 2.8}, "tolerance=2.8"),
        ({"dim": 4, "tolerance": float("nan")}, "tolerance=nan"),
        ({"dim": 4, "t_min": 0.0}, "t_min=0.0"),
        ({"dim": 4, "t_min": 9.0}, "t_min=9.0"),
        ({"dim": 0}, "tolerance"),
    ],
)
def test_impossible_processes_are_refused(arguments, named):
    with pytest.raises(UserError, match=named) as error:
        SpinFlip(**arguments)
    assert "\n" not in str(error.value)
