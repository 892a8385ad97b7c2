"""Time grids: their ends, their spacing, and what is refused."""

from typing import get_args

import pytest
import torch

from truescore.errors import UserError
from truescore.processes import SpinFlip, VariancePreserving
from truescore.samplers import Grid, time_grid

PROCESSES = [VariancePreserving(), SpinFlip(64)]
BLIND = [grid for grid in get_args(Grid) if grid not in ("spectral", "entropy")]
each_process = pytest.mark.parametrize("process", PROCESSES, ids=["reals", "spins"])


@each_process
@pytest.mark.parametrize("grid", BLIND)
@pytest.mark.parametrize("steps", [2, 3, 64])
def test_grid_falls_from_the_horizon_to_t_min_and_then_to_zero(process, grid, steps):
    times = time_grid(process, steps, grid)
    assert times.shape == (steps + 1,)
    assert times.dtype == torch.float64
    assert float(times[0]) == pytest.approx(process.horizon, rel=1e-9)
    assert float(times[-2]) == pytest.approx(process.t_min, rel=1e-9)
    assert float(times[-1]) == 0
    assert (times.diff() < 0).all()


@each_process
@pytest.mark.parametrize("grid", BLIND)
def test_grid_is_evenly_spaced_in_what_its_name_says(process, grid):
    times = time_grid(process, 32, grid)[:-1]
    clocks = {
        "uniform": lambda t: t,
        "quadratic": torch.sqrt,
        "geometric": torch.log,
        "log_snr": process.log_snr,
        "karras": lambda t: torch.exp(-process.log_snr(t) / 14),
    }
    strides = clocks[grid](times).diff()
    torch.testing.assert_close(strides, strides[:1].expand(31), atol=0, rtol=1e-7)


@each_process
def test_too_few_steps_and_unknown_grids_are_refused(process):
    with pytest.raises(UserError, match="sampler.steps=1.*at least 2"):
        time_grid(process, 1, "uniform")
    with pytest.raises(UserError, match="sampler.grid='cosine'.*log_snr"):
        time_grid(process, 8, "cosine")


def test_spectral_grid_is_dense_where_noise_hides_the_variance():
    """One mode of variance l: steps crowd around s = sqrt(l), 2.7 times as many there as far."""
    process, spectrum = VariancePreserving(), torch.tensor([9.0])
    times = time_grid(process, 400, "spectral", spectrum)
    assert times.shape == (401,)
    assert (times[0], times[-2], times[-1]) == (process.horizon, process.t_min, 0)
    log_s = -process.log_snr(times[:-1]) / 2
    assert (log_s.diff() < 0).all()
    stride = -log_s.diff()
    densest = (log_s[:-1] + log_s[1:])[stride.argmin()] / 2
    assert float(densest.exp()) == pytest.approx(3.0, rel=0.02)
    assert float(stride.max() / stride.min()) == pytest.approx(1.6 / 0.6, rel=0.02)


def test_spectral_grid_is_refused_without_a_spectrum():
    with pytest.raises(UserError, match="sampler.grid='spectral'.*for reals"):
        time_grid(SpinFlip(8), 8, "spectral")
