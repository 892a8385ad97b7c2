"""Grids of times from the horizon down to t_min, from which a sampler steps to t = 0."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.processes import Process

Grid = Literal["uniform", "quadratic", "geometric", "log_snr", "karras", "spectral", "entropy"]
# Exponent of the karras grid.
RHO = 7
# Of the spectral grid: steps everywhere in log s, however small the modes there; what power of its
# variance a mode is worth, between 1, which the covariance would ask for, and 0, the energy; and
# resolution.
BACKGROUND, POWER, POINTS = 0.6, 2 / 3, 4001


def time_grid(process: Process, steps: int, grid: Grid, spectrum: Tensor | None = None) -> Tensor:
    """``steps + 1`` decreasing times T = t_0 > ... > t_steps = 0, float64.

    The first ``steps`` of them run from T to t_min: ``uniform`` in t, ``quadratic`` (uniform in
    sqrt(t)), ``geometric`` (uniform in log t), uniform in ``log_snr``, ``karras`` (uniform in
    r^(1/7), r = exp(-log_snr/2): Karras et al. 2022, arXiv 2206.00364, equation 5), or ``spectral``
    (reals only: dense where noise is about to hide the modes that hold most of the variance). The
    last step, from t_min, ends at the data. For spins ``quadratic`` serves best at the default
    horizon: with analytic steps on enumerated rings its law is 1.3 to 1.7 times nearer to the exact
    one than ``geometric``'s, whose steps crowd at times where little happens.

    Args:
        process: forward process.
        steps: number of steps.
        grid: how to space them.
        spectrum: eigenvalues of the law's second moments, for ``spectral``.

    Raises:
        UserError: for fewer than 2 steps, an unknown grid, ``spectral`` for spins, or ``entropy``
            for reals; of spins and states it needs the denoiser (``entropy_times``).
    """
    if steps < 2:
        raise UserError(f"got sampler.steps={steps}, expected at least 2: raise it")
    u = torch.linspace(0, 1, steps, dtype=torch.float64)
    first, last = process.horizon, process.t_min
    if grid == "uniform":
        times = first + u * (last - first)
    elif grid == "quadratic":
        times = (first**0.5 + u * (last**0.5 - first**0.5)) ** 2
    elif grid == "geometric":
        times = first * (last / first) ** u
    elif grid == "log_snr":
        ends = process.log_snr(torch.tensor([first, last], dtype=torch.float64))
        times = process.time_from_log_snr(ends[0] + u * (ends[1] - ends[0]))
    elif grid == "karras":
        ends = process.log_snr(torch.tensor([first, last], dtype=torch.float64))
        roots = (-ends / (2 * RHO)).exp()
        times = process.time_from_log_snr(-2 * RHO * (roots[0] + u * (roots[1] - roots[0])).log())
    elif grid == "spectral" and spectrum is not None:
        times = _spectral(process, u, spectrum.double().cpu())
    else:
        raise UserError(
            f"got sampler.grid={grid!r}, expected uniform, quadratic, geometric, log_snr, karras"
            " or, for reals, spectral, or, for spins and states, entropy"
        )
    times[0], times[-1] = first, last
    return torch.cat([times, torch.zeros(1, dtype=torch.float64)])


def _spectral(process: Process, u: Tensor, spectrum: Tensor) -> Tensor:
    """Times at the quantiles u of a density of steps in log s, s = sigma/alpha.

    Mode k asks for steps in proportion to l_k^(2/3), l_k its variance, and asks where its
    signal-to-noise ratio is near one: there the flow bends. The density is a constant plus the mean
    over modes, so weighted, of 4 l_k s^2 / (l_k + s^2)^2.
    """
    ends = process.log_snr(torch.tensor([process.horizon, process.t_min], dtype=torch.float64))
    log_snr = torch.linspace(float(ends[0]), float(ends[1]), POINTS, dtype=torch.float64)
    hidden = torch.sigmoid(-log_snr[:, None] - spectrum.log())
    weight = spectrum**POWER
    density = BACKGROUND + 4 * (hidden * (1 - hidden)) @ (weight / weight.sum())
    quantiles = torch.cumulative_trapezoid(density, log_snr)
    quantiles = torch.cat([torch.zeros(1, dtype=torch.float64), quantiles]) / quantiles[-1]
    return process.time_from_log_snr(torch.from_numpy(np.interp(u, quantiles, log_snr)))
