"""The probability flow by extrapolating its velocity from the last evaluations."""

from functools import partial

import numpy as np
import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.samplers.base import Step
from truescore.samplers.grids import Grid
from truescore.samplers.real import Prior, RealSampler
from truescore.samplers.whitened import WhitenedModes

# Of the parabola through the velocities at here, one and two strides back.
ORDER = 3


class AdamsBashforth(RealSampler):
    """Adams-Bashforth of order 3 in whitened modes: one evaluation a step, exact for Gaussians.

    The velocity dw/dlog r of ``samplers/whitened.py`` is extended by the parabola through its last
    three values and integrated over the step; the first step is Heun's, the second of order 2. For
    few evaluations: with the exact score of a chain of 32 the energy per site is 0.006 off the
    flow's own in 24 of them, Heun's 0.020 in 23; their covariances both 0.019.

    Zhang and Chen 2023, arXiv 2204.13902 (tAB-DEIS), there with the linear part of the flow alone.
    """

    def __init__(self, steps: int = 23, grid: Grid = "spectral", prior: Prior = "matched") -> None:
        super().__init__(steps, grid, prior)

    @property
    def evaluations(self) -> int:
        """One a step, and one more in the first."""
        return self.steps + 1

    def begin(self) -> Step:
        """``step`` with a path's own memory."""
        return partial(self.step, last=[])

    def step(
        self,
        denoiser: RealDenoiser,
        x_t: Tensor,
        t: Tensor,
        s: Tensor,
        generator: torch.Generator,
        last: list[tuple[float, Tensor]] | None = None,
    ) -> Tensor:
        """Move points from time t to s; ``last`` holds past (log r, velocity), newest first."""
        if not s[0] > 0:
            return self.last_step(denoiser, x_t, t, generator)
        return self.inner_step(denoiser, x_t, t, s, generator, last)

    def inner_step(
        self,
        denoiser: RealDenoiser,
        x_t: Tensor,
        t: Tensor,
        s: Tensor,
        generator: torch.Generator,
        last: list[tuple[float, Tensor]] | None = None,
    ) -> Tensor:
        """One step in log r; Heun's without a memory."""
        known = [] if last is None else last
        start, end = WhitenedModes(denoiser, t), WhitenedModes(denoiser, s)
        places = [float(level.log_r[0]) for level in (start, end)]
        w = start.whiten(x_t)
        known.insert(0, (places[0], start.velocity(x_t, w)))
        del known[ORDER:]
        weights = integration_weights([place for place, _ in known], *places)
        moved = sum(weight * v for weight, (_, v) in zip(weights, known, strict=True))
        if len(known) == 1:
            there = end.velocity(end.unwhiten(w + moved), w + moved)
            moved = (moved + (places[1] - places[0]) * there) / 2
        return end.unwhiten(w + moved).to(x_t)

    def last_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Integrate down to r = 0; see ``WhitenedModes.to_data``."""
        return WhitenedModes(denoiser, t).to_data(x_t).to(x_t)


def integration_weights(places: list[float], start: float, end: float) -> list[float]:
    """Weights of values at the places in the integral, from start to end, of their polynomial."""
    power = np.arange(len(places))
    moments = ((end - start) ** (power + 1)) / (power + 1)
    return np.linalg.solve(np.vander(np.array(places) - start, increasing=True).T, moments).tolist()
