"""The loop: what it returns, whose noise it takes, and what it refuses."""

import pytest
import torch

from truescore.dynamics import (
    BrownianMotion,
    EulerMaruyama,
    Heun,
    OrnsteinUhlenbeck,
    ProbabilityFlow,
    brownian_increments,
    coarsened,
    integrate,
    simulate,
)
from truescore.errors import UserError
from truescore.targets import GaussianMixture

TIMES = torch.tensor([0.0, 0.1, 0.4, 1.0], dtype=torch.float64)
START = torch.randn(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
OU = OrnsteinUhlenbeck(1.0, 1.0)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_trajectory_starts_at_the_start_and_ends_at_the_end():
    path = simulate(OU, EulerMaruyama(), START, TIMES, seeded(), keep_trajectory=True)
    end = simulate(OU, EulerMaruyama(), START, TIMES, seeded())
    assert path.shape == (4, 5, 2)
    assert torch.equal(path[0], START) and torch.equal(path[-1], end)
    assert not torch.equal(end, simulate(OU, EulerMaruyama(), START, TIMES, seeded(1)))


def test_drawn_and_given_increments_are_the_same():
    increments = list(brownian_increments(START, TIMES, seeded()))
    given = integrate(OU, Heun(), START, TIMES, increments)
    assert torch.equal(given, simulate(OU, Heun(), START, TIMES, seeded()))


def test_increments_have_the_variance_of_their_step(assert_mean):
    x = torch.zeros(20_000, 1, dtype=torch.float64)
    for dt, increment in zip(TIMES.diff(), brownian_increments(x, TIMES, seeded()), strict=True):
        assert_mean(increment, 0.0)
        assert_mean(increment**2, float(dt))


def test_coarse_increments_follow_the_same_path():
    times = torch.linspace(0, 1, 13, dtype=torch.float64)
    fine = torch.stack(list(brownian_increments(START, times, seeded())))
    coarse = coarsened(fine, 4)
    torch.testing.assert_close(coarse.cumsum(0), fine.cumsum(0)[3::4], atol=1e-14, rtol=0)
    with pytest.raises(UserError, match="12 steps in groups of 5"):
        coarsened(fine, 5)


def test_points_keep_their_precision():
    path = simulate(OU, Heun(), START.float(), TIMES, seeded(), keep_trajectory=True)
    assert path.dtype == torch.float32


def test_a_flow_needs_no_generator():
    law = GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.eye(2)[None])
    end = simulate(ProbabilityFlow(law, 1.0, 1.0), Heun(), START, TIMES)
    assert end.shape == START.shape and not end.requires_grad


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (torch.tensor([0.0, 1.0, 1.0]), r"got times of shape \(3,\), expected two or more"),
        (torch.tensor([0.0]), r"got times of shape \(1,\)"),
        (torch.zeros(2, 2), r"got times of shape \(2, 2\)"),
        (torch.tensor([0.0, float("nan")]), "increasing: sort them"),
    ],
)
def test_times_must_increase(times, message):
    with pytest.raises(UserError, match=message):
        simulate(OU, EulerMaruyama(), START, times, seeded())


def test_noise_needs_a_generator():
    with pytest.raises(UserError, match="got no generator for BrownianMotion"):
        simulate(BrownianMotion(1.0), EulerMaruyama(), START, TIMES)


def test_points_that_run_away_are_told():
    times = torch.arange(0, 40_000, 100).double()
    with pytest.raises(UserError, match="ran away with EulerMaruyama in steps of up to 100: take"):
        simulate(OrnsteinUhlenbeck(1.0, 1.0), EulerMaruyama(), START, times, seeded())
