"""The probability flow by extrapolating its velocity from the last evaluations."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.samplers.grids import Grid
from truescore.samplers.real import Prior, RememberingSampler
from truescore.samplers.whitened import WhitenedModes

# Of the parabola through the velocities at here, one and two strides back.
ORDER = 3
# Whose weights are kept: every chunk of points takes the same steps.
STEPS_AT_HAND = 1024


@dataclass
class Past:
    """The steps of a path before this one; none at the start.

    Attributes:
        known: log r and velocity of its last points, newest first.
        end: log r and the modes where the last step ended, and the next begins.
    """

    known: list[tuple[float, Tensor]] = field(default_factory=list)
    end: tuple[float, WhitenedModes] | None = None


class AdamsBashforth(RememberingSampler):
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

    def memory(self) -> Past:
        """No steps yet."""
        return Past()

    def inner_step(
        self,
        denoiser: RealDenoiser,
        x_t: Tensor,
        t: Tensor,
        s: Tensor,
        generator: torch.Generator,
        last: Past | None = None,
    ) -> Tensor:
        """One step in log r; Heun's without a memory."""
        past = last or self.memory()
        known, (here, start) = past.known, past.end or _place(denoiser, t)
        past.end = there, end = _place(denoiser, s)
        w = start.whiten(x_t)
        known.insert(0, (here, start.velocity(x_t, w)))
        del known[ORDER:]
        weights = integration_weights(tuple(place for place, _ in known), here, there)
        moved = weights[0] * known[0][1]
        for weight, (_, velocity) in zip(weights[1:], known[1:], strict=True):
            moved.add_(velocity, alpha=weight)
        if len(known) == 1:
            last_velocity = end.velocity(end.unwhiten(w + moved), w + moved)
            moved = (moved + (there - here) * last_velocity) / 2
        return end.unwhiten(w + moved).to(x_t)

    def last_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Integrate down to r = 0; see ``WhitenedModes.to_data``."""
        return WhitenedModes(denoiser, t).to_data(x_t).to(x_t)


def _place(denoiser: RealDenoiser, t: Tensor) -> tuple[float, WhitenedModes]:
    modes = WhitenedModes(denoiser, t)
    return float(modes.log_r[0]), modes


@lru_cache(maxsize=STEPS_AT_HAND)
def integration_weights(places: tuple[float, ...], start: float, end: float) -> tuple[float, ...]:
    """Weights of values at the places in the integral, from start to end, of their polynomial."""
    power = np.arange(len(places))
    moments = ((end - start) ** (power + 1)) / (power + 1)
    vandermonde = np.vander(np.array(places) - start, increasing=True)
    return tuple(np.linalg.solve(vandermonde.T, moments).tolist())
