"""Schedules: value, derivative and inverse hold together, in both precisions."""

import math

import pytest
import torch

from truescore.errors import UserError
from truescore.processes.schedules import CosineRate, Geometric, LinearRate

SCHEDULES = {
    "linear": LinearRate(0.1, 20.0),
    "constant": LinearRate(2.0, 2.0),
    "cosine": CosineRate(0.008),
    "cosine, large offset": CosineRate(0.3),
    "geometric": Geometric(0.01, 100.0),
}
each_schedule = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)


def times(n=41):
    return torch.linspace(1e-3, 0.995, n, dtype=torch.float64)


@each_schedule
def test_rate_is_the_derivative_of_the_value(schedule):
    t = times()
    step = 3e-4 * torch.minimum(t, 1 - t)
    near, far = (schedule.value(t + k * step) - schedule.value(t - k * step) for k in (1, 2))
    slope = (8 * near - far) / (12 * step)
    torch.testing.assert_close(schedule.rate(t), slope, atol=1e-8, rtol=1e-8)


@each_schedule
def test_inverse_is_the_time_of_a_value(schedule):
    t = torch.cat([times(), torch.tensor([1e-6, 1 - 1e-6]).double()])
    torch.testing.assert_close(schedule.inverse(schedule.value(t)), t, atol=1e-14, rtol=1e-9)


@each_schedule
def test_values_keep_their_digits_in_float32(schedule):
    t = torch.tensor([1e-6, 1e-4, 0.01, 0.3, 0.9])
    torch.testing.assert_close(
        schedule.value(t).double(), schedule.value(t.double()), atol=0, rtol=3e-6
    )


def test_cosine_is_that_of_its_paper():
    """alpha-bar = f(t)/f(0), f = cos^2((t + s)/(1 + s) pi/2)."""
    s, t = 0.008, times()
    u = (torch.cat([t, torch.zeros(1).double()]) + s) / (1 + s) * math.pi / 2
    squares = u.cos() ** 2
    alpha_bar = (-CosineRate(s).value(t)).exp()
    torch.testing.assert_close(alpha_bar, squares[:-1] / squares[-1], atol=1e-15, rtol=1e-11)


def test_geometric_runs_from_first_to_last():
    ends = Geometric(0.01, 50.0).value(torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64))
    torch.testing.assert_close(
        ends, torch.tensor([0.01, 0.5**0.5, 50.0], dtype=torch.float64), rtol=1e-13, atol=0
    )


@pytest.mark.parametrize("offset", [0.0, 1.0, float("nan")])
def test_an_offset_outside_the_interval_is_refused(offset):
    with pytest.raises(UserError, match=f"got offset={offset}"):
        CosineRate(offset)
