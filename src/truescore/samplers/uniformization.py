"""Exact simulation of the reversed jumps, event by event."""

import torch
from torch import Tensor

from truescore.denoisers import DiscreteDenoiser
from truescore.processes.discrete import by_site
from truescore.samplers.discrete import JumpSampler
from truescore.samplers.grids import Grid
from truescore.samplers.jumps import bridge, log_rates, redraw


class Uniformization(JumpSampler):
    """Candidate events at a rate that no state exceeds, each taken with the chance it has.

    Between two times of the grid candidates come at rate d r, r the process's bound on the rate at
    which a site can jump. At a candidate at time u site i jumps to b with probability
    R_i(b; x, u) / (d r). There is no step size: the law at t_min is exact for an exact score,
    whatever the grid, which only sets how tight the bounds are. One evaluation a candidate, about
    d log(T / t_min) of them. Chen and Ying 2024, arXiv 2402.08095, algorithm 1.
    """

    def __init__(self, steps: int = 64, grid: Grid = "geometric") -> None:
        super().__init__(steps, grid)

    @property
    def evaluations(self) -> None:
        """As many as there are events."""
        return None

    def step(
        self,
        denoiser: DiscreteDenoiser,
        x_t: Tensor,
        t: Tensor,
        s: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Move sites from time t to s; see ``Sampler.step``."""
        process, schedule = denoiser.process, denoiser.process.schedule
        if not s.any():
            clean = denoiser.clean_log_probs(x_t, t)
            return redraw(process, bridge(process, clean, x_t, t, s), x_t, generator)
        # In the clock B the rate beta is one, and the bound grows towards the data.
        done, end = schedule.value(t), schedule.value(s)
        bound = x_t.shape[1] * process.reverse_rate_bound(s)
        x = x_t.clone()
        while True:
            wait = torch.rand(done.shape, device=done.device, generator=generator)
            done = done + wait.log() / bound
            moving = (done > end).nonzero()[:, 0]
            if len(moving) == 0:
                return x
            u = schedule.inverse(done[moving])
            x[moving] = self._event(denoiser, x[moving], u, bound[moving], generator)

    def _event(
        self,
        denoiser: DiscreteDenoiser,
        x: Tensor,
        t: Tensor,
        bound: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        process = denoiser.process
        rates = log_rates(process, denoiser.clean_log_probs(x, t), x, t).exp()
        rates = rates / process.schedule.rate(by_site(t))[..., None]
        taken = rates.flatten(1).cumsum(1) / bound[:, None]
        uniform = torch.rand(len(x), 1, device=x.device, generator=generator)
        event = (uniform >= taken).sum(1)
        site, symbol = event // rates.shape[-1], event % rates.shape[-1]
        jumps = (event < taken.shape[1]).nonzero()[:, 0]
        x = x.clone()
        x[jumps, site[jumps]] = process.value(symbol[jumps]).to(x)
        return x
