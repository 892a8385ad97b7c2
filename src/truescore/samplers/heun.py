"""The probability flow by Heun's rule."""

from dataclasses import dataclass

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.samplers.grids import Grid
from truescore.samplers.real import Prior, RememberingSampler
from truescore.samplers.whitened import WhitenedModes


@dataclass
class Place:
    """The modes where a path's last step ended, and the next begins; none at the start."""

    modes: WhitenedModes | None = None


class Heun(RememberingSampler):
    """Heun's rule on the probability flow in whitened modes: order 2, exact for a Gaussian law.

    The flow of w stands still where the law is Gaussian, so that steps err only by what is not;
    see ``samplers/whitened.py``.
    """

    def __init__(self, steps: int = 32, grid: Grid = "spectral", prior: Prior = "matched") -> None:
        super().__init__(steps, grid, prior)

    @property
    def evaluations(self) -> int:
        """Two a step, one in the last."""
        return 2 * self.steps - 1

    def memory(self) -> Place:
        """Nowhere yet."""
        return Place()

    def inner_step(
        self,
        denoiser: RealDenoiser,
        x_t: Tensor,
        t: Tensor,
        s: Tensor,
        generator: torch.Generator,
        last: Place | None = None,
    ) -> Tensor:
        """One step of Heun's rule in log r."""
        place = last or self.memory()
        start = place.modes or WhitenedModes(denoiser, t)
        place.modes = end = WhitenedModes(denoiser, s)
        stride = end.log_r - start.log_r
        w = start.whiten(x_t)
        here = start.velocity(x_t, w)
        predicted = w + stride * here
        there = end.velocity(end.unwhiten(predicted), predicted)
        return end.unwhiten(w + stride / 2 * (here + there)).to(x_t)

    def last_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Integrate down to r = 0; see ``WhitenedModes.to_data``."""
        return WhitenedModes(denoiser, t).to_data(x_t).to(x_t)
