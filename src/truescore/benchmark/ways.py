"""Samplers of reals and the grids of times they are measured on: ours, bare loops, libraries'."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from truescore.benchmark import bare, peers
from truescore.denoisers import RealDenoiser
from truescore.samplers import DDIM, AdamsBashforth, DPMSolver2M, Grid, Heun, Sampler, time_grid


@dataclass(frozen=True)
class Way:
    """One sampler on a grid of times.

    Attributes:
        name: of the sampler.
        grid: of times.
        path: moves points; made when it is needed, as its library may be missing.
        evaluations: of the denoiser in one step.
    """

    name: str
    grid: Grid
    path: Callable[[], peers.Path]
    evaluations: int = 1


def own(sampler: type[Sampler]) -> Callable[[], peers.Path]:
    """A sampler of ours, without its last step to t = 0, which others' lack."""

    def path(denoiser: RealDenoiser, x: Tensor, times: Tensor) -> Tensor:
        generator = torch.Generator(x.device)
        with torch.inference_mode():
            return sampler(steps=len(times), grid="log_snr").path(denoiser, x, times, generator)  # type: ignore[call-arg]

    return lambda: path


OURS_DDIM = Way("DDIM", "log_snr", own(DDIM))
OURS_HEUN = Way("Heun", "spectral", own(Heun), 2)
OURS_DPM = Way("DPMSolver2M", "log_snr", own(DPMSolver2M))
OURS_AB = Way("AdamsBashforth", "spectral", own(AdamsBashforth))
AZULA_DDIM = Way("azula's DDIM", "uniform", partial(peers.azula, "DDIMSampler"))
AZULA_HEUN = Way("azula's Heun", "uniform", partial(peers.azula, "HeunSampler"), 2)
AZULA_ZAB = Way("azula's zAB", "uniform", partial(peers.azula, "zABSampler"))
DIFFUSERS = Way("diffusers' DPM-Solver++", "log_snr", peers.diffusers)
FLOW_MATCHING = Way("flow_matching's Heun", "log_snr", peers.flow_matching, 2)
BARE_DDIM = Way("a bare loop", "log_snr", lambda: bare.ddim)
BARE_HEUN = Way("a bare loop of Heun's rule", "log_snr", lambda: bare.heun, 2)
# Peers that need no library.
BARE = ((OURS_DDIM, BARE_DDIM), (OURS_HEUN, BARE_HEUN))
# The same rule, ours and another's; ours in whitened modes are held beside the others' plain ones.
PAIRS = (
    (OURS_DDIM, AZULA_DDIM),
    (OURS_DPM, DIFFUSERS),
    (OURS_HEUN, AZULA_HEUN),
    (OURS_HEUN, FLOW_MATCHING),
    (OURS_AB, AZULA_ZAB),
)
OURS = (OURS_HEUN, OURS_AB, OURS_DPM, OURS_DDIM)
OTHERS = (AZULA_DDIM, AZULA_HEUN, AZULA_ZAB, DIFFUSERS, FLOW_MATCHING)


def times_of(denoiser: RealDenoiser, grid: Grid, steps: int) -> Tensor:
    """``steps + 1`` times from T to t_min, float32."""
    return time_grid(denoiser.process, steps + 1, grid, denoiser.spectrum)[:-1].float()
