"""DPM-Solver++ of second order from two evaluations, on the flow and on the reverse SDE."""

from dataclasses import dataclass

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.samplers.ancestral import Ancestral
from truescore.samplers.ddim import DDIM
from truescore.samplers.grids import Grid
from truescore.samplers.noise_level import NoiseLevel
from truescore.samplers.real import DenoisingSampler, Prior, RememberingSampler


@dataclass
class Evaluation:
    """The last posterior mean of a path, and the last step in log r; none at the start."""

    posterior_mean: Tensor | None = None
    step: Tensor | None = None
    end: NoiseLevel | None = None  # where that step ended, and the next begins

    def extrapolate(self, clean: Tensor, here: NoiseLevel, there: NoiseLevel) -> Tensor:
        """D half a step on in log r, by a line through the last D and ``clean``; keep this one."""
        step = there.log_r - here.log_r
        ahead = clean
        if self.posterior_mean is not None and self.step is not None:
            ahead = clean + step / self.step / 2 * (clean - self.posterior_mean)
        self.posterior_mean, self.step, self.end = clean, step, there
        return ahead


class TwoStepSampler(RememberingSampler, DenoisingSampler):
    """A step of another sampler towards an extrapolated D: two evaluations, one of them new."""

    def __init__(self, steps: int = 64, grid: Grid = "log_snr", prior: Prior = "matched") -> None:
        super().__init__(steps, grid, prior)

    def memory(self) -> Evaluation:
        """No evaluation yet: the first step is of order 1."""
        return Evaluation()

    def inner_step(
        self,
        denoiser: RealDenoiser,
        x_t: Tensor,
        t: Tensor,
        s: Tensor,
        generator: torch.Generator,
        last: Evaluation | None = None,
    ) -> Tensor:
        """Move points from time t to s > 0."""
        last = last or self.memory()
        here = last.end or NoiseLevel(denoiser.process, t)
        there = NoiseLevel(denoiser.process, s)
        clean = last.extrapolate(denoiser.posterior_mean(x_t, t), here, there)
        return self.towards(clean, x_t, here, there, generator)


class DPMSolver2M(TwoStepSampler, DDIM):
    """y_s = D' + (r_s/r_t) (y_t - D'), D' = D + (h/h_last)/2 (D - D_last): order 2.

    h is the step in log r; the first step has D' = D. DDIM with an extrapolated D. Lu et al.
    2022, arXiv 2211.01095, algorithm 2.
    """


class DPMSolver2MSDE(TwoStepSampler, Ancestral):
    """y_s = D' + q^2 (y_t - D') + r_s sqrt(1 - q^2) z, q = r_s/r_t, D' as in ``DPMSolver2M``.

    ``Ancestral`` with an extrapolated D. Lu et al. 2022, arXiv 2211.01095, SDE-DPM-Solver++(2M).
    """
