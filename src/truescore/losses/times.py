"""Which noise levels training sees.

A law of times is its quantile function on strata: one time in each of n equally likely slices,
which keeps the law of each time and removes most of the batch's scatter of noise levels.
"""

import math
from typing import Literal, get_args

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.errors import UserError
from truescore.processes import Process

TimeLaw = Literal["log_snr", "uniform", "log_normal"]
FAR_SHARE = 0.1
HIDDEN = 4.0
# Karras et al. 2022, arXiv 2206.00364, table 1: log s ~ N(-1.2, 1.2^2) for data of scale 0.5.
LOG_NORMAL_MEAN, LOG_NORMAL_SPREAD = -1.2 - math.log(0.5), 1.2

# By how much log-SNR sites are ahead at most: about one of sixteen steps on a quadratic grid.
AHEAD = 2.0


def training_times(
    law: TimeLaw, denoiser: RealDenoiser, n: int, generator: torch.Generator
) -> Tensor:
    """``n`` times of a law of reals, ``(n,)``, one in each of n equally likely strata.

    - ``log_snr``: log-SNR uniform, nine in ten of the times where s = sigma/alpha < 4 sqrt(l), l
      the largest eigenvalue of the data's second moments: beyond, noise hides even the coherent
      mode.
    - ``uniform``: uniform in t.
    - ``log_normal``: log s normal about the data's scale, cut at the ends of the process; Karras
      et al. 2022, arXiv 2206.00364.
    """
    process = denoiser.process
    match law:
        case "log_snr":
            hidden = -(HIDDEN**2 * denoiser.spectrum[-1].double()).log()
            return stratified_times(process, n, generator, hidden)
        case "uniform":
            span = process.horizon - process.t_min
            return (process.t_min + span * _strata(n, generator)).float()
        case "log_normal":
            scale = denoiser.spectrum.mean().double().sqrt()
            return _log_normal_times(process, n, generator, scale)


def check_time_law(law: str) -> None:
    """Raise ``UserError`` unless the law of times is known."""
    if law not in get_args(TimeLaw):
        known = ", ".join(get_args(TimeLaw))
        raise UserError(f"got times={law}, expected one of {known}: choose one")


def stratified_times(
    process: Process, n: int, generator: torch.Generator, hidden: Tensor | None = None
) -> Tensor:
    """``n`` times with log-SNR uniform over the process's range, one in each of n equal strata.

    Args:
        process: forward process.
        n: number of times.
        generator: source of the offsets within the strata.
        hidden: a log-SNR below which noise hides the data and little is left to learn; that part
            of the range then gets a share of 0.1 of the times, whatever its length. A number on
            the generator's device, where it stays: a GPU is not waited for.
    """
    low, high = _log_snr_range(process)
    u = _strata(n, generator)
    log_snr = low + u * (high - low)
    if hidden is not None:
        far = low + u / FAR_SHARE * (hidden - low)
        near = hidden + (u - FAR_SHARE) / (1 - FAR_SHARE) * (high - hidden)
        inside = (low < hidden) & (hidden < high)
        log_snr = torch.where(inside, torch.where(u < FAR_SHARE, far, near), log_snr)
    return process.time_from_log_snr(log_snr).float()


def site_times(process: Process, t: Tensor, dim: int, generator: torch.Generator) -> Tensor:
    """Times of sites ``(n, dim)``: a random part of each sample is ahead of its time t ``(n,)``.

    Ahead, at s < t, by a log-SNR uniform in [0, 2], cut at t_min; the part is uniform in [0, 1], so
    that samplers which move sites one after the other find any number of them moved.
    """
    n = len(t)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, dtype=torch.float64, device=t.device, generator=generator)

    s = process.time_from_log_snr(process.log_snr(t.double()) + AHEAD * uniform(n))
    s = s.clamp(min=process.t_min).to(t)
    return torch.where(uniform(n, dim) < uniform(n, 1), s[:, None], t[:, None])


def _log_normal_times(
    process: Process, n: int, generator: torch.Generator, scale: Tensor
) -> Tensor:
    low, high = _log_snr_range(process)
    # Of log s = -log_snr / 2; data far outside the process's levels are trained at its nearest.
    centre = (scale.log() + LOG_NORMAL_MEAN).clamp(-high / 2, -low / 2)
    first, last = (
        torch.special.ndtr((end - centre) / LOG_NORMAL_SPREAD) for end in (-high / 2, -low / 2)
    )
    z = torch.special.ndtri(first + _strata(n, generator) * (last - first))
    return process.time_from_log_snr(-2 * (centre + LOG_NORMAL_SPREAD * z)).float()


def _log_snr_range(process: Process) -> list[float]:
    """Log-SNR at the horizon and at t_min."""
    ends = torch.tensor([process.horizon, process.t_min], dtype=torch.float64)
    return process.log_snr(ends).tolist()


def _strata(n: int, generator: torch.Generator) -> Tensor:
    """Uniform numbers, one in each of n equal parts of [0, 1], ascending, ``(n,)`` float64."""
    strata = torch.arange(n, dtype=torch.float64, device=generator.device)
    offset = torch.rand(n, dtype=torch.float64, device=generator.device, generator=generator)
    return (strata + offset) / n
