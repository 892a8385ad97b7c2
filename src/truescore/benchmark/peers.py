"""Others' samplers on our denoisers and our grids of times; what is not installed is left out."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser

# (denoiser, points at the first time, decreasing times, all > 0) -> points at the last time.
Path = Callable[[RealDenoiser, Tensor, Tensor], Tensor]


class Missing(Exception):  # noqa: N818 - not an error: a line of the table says so
    """A library is not installed; the message is for the table."""


def library(name: str) -> Any:
    """Import a library that is here for comparisons only.

    Raises:
        Missing: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise Missing(
            f"{name.partition('.')[0]} is not installed: pip install -e '.[bench]'"
        ) from error


def azula(kind: str) -> Path:
    """A sampler of azula by the name of its class."""
    denoise, sample = library("azula.denoise"), library("azula.sample")

    class Ours(denoise.Denoiser):
        def __init__(self, denoiser: RealDenoiser) -> None:
            super().__init__()
            self.denoiser = denoiser
            self.schedule = lambda t: (denoiser.process.alpha(t), denoiser.process.sigma(t))

        def forward(self, x_t: Tensor, t: Tensor, **kwargs: Any) -> Any:
            mean = self.denoiser.posterior_mean(x_t, t.expand(len(x_t)))
            return denoise.DiracPosterior(mean=mean.to(x_t))

    class OnOurGrid(getattr(sample, kind)):
        timesteps = torch.zeros(0)

    def path(denoiser: RealDenoiser, x: Tensor, times: Tensor) -> Tensor:
        sampler = OnOurGrid(Ours(denoiser), steps=len(times) - 1, silent=True)
        OnOurGrid.timesteps = times
        with torch.no_grad():
            return sampler(x)

    return path


def diffusers() -> Path:
    """DPM-Solver++(2M) of diffusers, for variance-preserving processes."""
    scheduling = library("diffusers.schedulers.scheduling_dpmsolver_multistep")

    @torch.inference_mode()
    def path(denoiser: RealDenoiser, x: Tensor, times: Tensor) -> Tensor:
        steps = len(times) - 1
        # Its last step is of first order where it would reach zero noise; here it does not.
        scheduler = scheduling.DPMSolverMultistepScheduler(
            prediction_type="sample", final_sigmas_type="sigma_min", lower_order_final=False
        )
        scheduler.set_timesteps(steps)
        scheduler.timesteps = torch.arange(steps)
        scheduler.sigmas = (-denoiser.process.log_snr(times) / 2).exp().cpu()
        scheduler.set_begin_index(0)
        for k, t in zip(scheduler.timesteps, times, strict=False):
            mean = denoiser.posterior_mean(x, t.expand(len(x))).to(x)
            x = scheduler.step(mean, k, x, return_dict=False)[0]
        return x

    return path


def flow_matching() -> Path:
    """Heun's rule by flow_matching, on the flow dy/dr = (y - D)/r, y = x/alpha, r = sigma/alpha."""
    solver = library("flow_matching.solver")

    def path(denoiser: RealDenoiser, x: Tensor, times: Tensor) -> Tensor:
        process = denoiser.process

        def velocity(x: Tensor, t: Tensor) -> Tensor:
            time = process.time_from_log_snr(-2 * t.log()).expand(len(x))
            clean = denoiser.posterior_mean(process.alpha(time)[:, None] * x, time)
            return (x - clean.to(x)) / t

        scales = (-process.log_snr(times) / 2).exp()
        with torch.inference_mode():
            y = solver.ODESolver(velocity).sample(
                x / process.alpha(times[0]), step_size=None, method="heun2", time_grid=scales
            )
        return process.alpha(times[-1]) * y

    return path
