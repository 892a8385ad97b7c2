"""The probability flow by steps of adaptive size."""

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.errors import UserError
from truescore.samplers.grids import Grid
from truescore.samplers.ode import check_solver, solve
from truescore.samplers.real import Prior, RealSampler
from truescore.samplers.whitened import WhitenedModes

# Longest step, in log r: wells come into sight over a range of about 1.
LONGEST = 0.5


class Adaptive(RealSampler):
    """The flow of the whitened modes within a tolerance; see ``samplers/whitened.py``.

    Points that move together share their steps, so draws of one seed at two chunk sizes differ by
    the tolerance, too.

    Args:
        steps: the solver halts at every time of the grid; 2 steps, T to t_min to 0, will do.
        grid: spacing of the times; see ``time_grid``.
        prior: see ``RealSampler``.
        tolerance: error allowed in a step of the solver, in standard deviations of a mode.

    Raises:
        UserError: if torchdiffeq is missing.
    """

    def __init__(
        self,
        steps: int = 2,
        grid: Grid = "log_snr",
        prior: Prior = "matched",
        tolerance: float = 1e-4,
    ) -> None:
        super().__init__(steps, grid, prior)
        if not tolerance > 0:
            raise UserError(f"got sampler.tolerance={tolerance}, expected above 0")
        check_solver()
        self.tolerance = tolerance

    @property
    def evaluations(self) -> None:
        """As many as the law asks for."""
        return None

    def inner_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Solve in log r from t to s."""
        process = denoiser.process
        start, end = WhitenedModes(denoiser, t), WhitenedModes(denoiser, s)

        def flow(log_r: Tensor, w: Tensor) -> Tensor:
            time = process.time_from_log_snr(-2 * log_r).to(w).expand(len(w))
            level = WhitenedModes(denoiser, time)
            return level.velocity(level.unwhiten(w), w)

        ends = start.log_r[0, 0], end.log_r[0, 0]
        w = solve(flow, start.whiten(x_t), *ends, self.tolerance, LONGEST)
        return end.unwhiten(w).to(x_t)

    def last_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Integrate down to r = 0; see ``WhitenedModes.to_data``."""
        return WhitenedModes(denoiser, t).to_data(x_t).to(x_t)
