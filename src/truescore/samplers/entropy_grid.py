"""Times between which equal amounts of entropy go."""

import itertools

import numpy as np
import torch
from torch import Tensor

from truescore.denoisers import DiscreteDenoiser
from truescore.errors import UserError
from truescore.samplers.grids import time_grid
from truescore.samplers.jumps import bridge, redraw

N_POINTS, COARSE, LEVELS = 500, 32, 65


@torch.inference_mode()
def entropy_times(denoiser: DiscreteDenoiser, steps: int) -> Tensor:
    """``steps + 1`` times T = t_0 > ... > 0, each step but the last with as much of the entropy.

    That is H(t) = sum_i H(x_0^i | x_t), what is still open of the clean sites at time t: zero at
    the data, their marginal entropies at T. It is measured at 65 log-SNRs on 500 points, which the
    denoiser draws itself in 32 analytic steps, always with the same noise. After Stancevic et al.
    2025, arXiv 2504.13612, who space real diffusions so.

    Args:
        denoiser: learned or exact.
        steps: number of steps, the last of them from t_min to 0.

    Raises:
        UserError: for fewer than 2 steps.
    """
    if steps < 2:
        raise UserError(f"got sampler.steps={steps}, expected at least 2: raise it")
    process = denoiser.process
    device = next(denoiser.parameters(), torch.empty(0)).device
    generator = torch.Generator(device).manual_seed(0)
    x_0 = denoiser.sample_prior(N_POINTS, process.dim, generator)
    for t, s in itertools.pairwise(time_grid(process, COARSE, "quadratic").float().to(device)):
        t, s = t.expand(N_POINTS), s.expand(N_POINTS)
        law = bridge(process, denoiser.clean_log_probs(x_0, t), x_0, t, s)
        x_0 = redraw(process, law, x_0, generator)
    levels = time_grid(process, LEVELS, "log_snr")[:-1].flip(0)
    entropy = torch.stack([_open(denoiser, x_0, t.to(x_0), generator) for t in levels])
    # Never flat, nor falling by chance: a thousandth of the whole goes evenly with log-SNR.
    slope = torch.linspace(0, 1e-3, LEVELS, dtype=torch.float64) * entropy[-1]
    rising = entropy.cummax(0).values + slope
    wanted = torch.linspace(float(rising[-1]), float(rising[0]), steps, dtype=torch.float64)
    log_snr = np.interp(wanted, rising, process.log_snr(levels))
    times = process.time_from_log_snr(torch.from_numpy(log_snr))
    times[0], times[-1] = process.horizon, process.t_min
    return torch.cat([times, torch.zeros(1, dtype=torch.float64)])


def _open(denoiser: DiscreteDenoiser, x_0: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
    """Mean over points of sum_i H(x_0^i | x_t), in nats, ``()`` float64 on the CPU."""
    process, t = denoiser.process, t.expand(len(x_0))
    x_t = process.perturb(x_0, t, generator)
    law = bridge(process, denoiser.clean_log_probs(x_t, t), x_t, t, torch.zeros_like(t)).double()
    return torch.special.entr(law.exp()).sum((-2, -1)).mean().cpu()
