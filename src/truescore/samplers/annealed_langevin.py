"""Langevin dynamics at one noise level after another."""

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.errors import UserError
from truescore.samplers.grids import Grid
from truescore.samplers.real import Prior, StochasticSampler, noise_like, noise_scale


class AnnealedLangevin(StochasticSampler):
    """At each level r of the grid, repeats of y <- y + e r^2/2 score(y) + sqrt(e) r z.

    With score(y) = (D - y)/r^2, nothing divides by r. The step e r^2 follows the noise, so wide
    modes stop moving once r is well below them: their error falls like 1/(steps x repeats), and
    the bias of the Langevin steps, of order e, is left behind with them. Song and Ermon 2019, arXiv
    1907.05600, algorithm 1, with y of any Gaussian process.

    Args:
        steps: number of levels, and a last step from t_min to 0.
        grid: spacing of the levels; see ``time_grid``.
        prior: see ``RealSampler``.
        repeats: Langevin steps at each level, >= 1.
        stride: e, inside (0, 2).
    """

    def __init__(
        self,
        steps: int = 64,
        grid: Grid = "log_snr",
        prior: Prior = "matched",
        repeats: int = 20,
        stride: float = 1.0,
    ) -> None:
        super().__init__(steps, grid, prior)
        if repeats < 1 or not 0 < stride < 2:
            raise UserError(
                f"got sampler.repeats={repeats}, sampler.stride={stride}, expected at least 1 and"
                " inside (0, 2): a stride of 2 or more throws points beyond the mean"
            )
        self.repeats = repeats
        self.stride = stride

    @property
    def evaluations(self) -> int:
        """``repeats`` at each level, one in the last step."""
        return (self.steps - 1) * self.repeats + 1

    def inner_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Langevin steps at the level of s, from where those at t ended."""
        alpha = denoiser.process.alpha(s)[:, None]
        kick = self.stride**0.5 * noise_scale(denoiser, s)
        y = x_t / denoiser.process.alpha(t)[:, None]
        for _ in range(self.repeats):
            pull = self.stride / 2 * (denoiser.posterior_mean((alpha * y).to(x_t), s) - y)
            y = y + pull + kick * noise_like(x_t, generator)
        return (alpha * y).to(x_t)
