"""Heun's rule on the probability flow with fresh noise at every step."""

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.errors import UserError
from truescore.samplers.grids import Grid
from truescore.samplers.real import FlowSampler, Prior, noise_like, noise_scale


class EDM(FlowSampler):
    """Raise the noise from r to r' = (1 + g) r, then Heun's rule on dy/dr = (y - D)/r: order 2.

    g = min(churn/steps, sqrt(2) - 1) where churn_min <= r <= churn_max, else 0, and r' never beyond
    the horizon. churn = 0 is Heun's rule on the plain flow. The last step, which Karras et al. end
    in D, ends halfway. Karras et al. 2022, arXiv 2206.00364, algorithm 2.

    Args:
        steps: number of steps, the last of them from t_min to 0.
        grid: spacing of the times; see ``time_grid``.
        prior: see ``RealSampler``.
        churn: amount of fresh noise, >= 0.
        churn_min: smallest r that it is given at, >= 0.
        churn_max: largest.
        inflation: its standard deviation over what the rise to r' asks for, > 0; values above 1,
            1.003 to 1.007 there, make up for networks that remove too much noise.
    """

    def __init__(
        self,
        steps: int = 64,
        grid: Grid = "karras",
        prior: Prior = "matched",
        churn: float = 10.0,
        churn_min: float = 0.0,
        churn_max: float = 1e9,
        inflation: float = 1.0,
    ) -> None:
        super().__init__(steps, grid, prior)
        if not (churn >= 0 and 0 <= churn_min <= churn_max and inflation > 0):
            raise UserError(
                f"got sampler.churn={churn}, churn_min={churn_min}, churn_max={churn_max},"
                f" inflation={inflation}, expected churn >= 0, 0 <= min <= max, inflation > 0"
            )
        self.churn = churn
        self.churn_min = churn_min
        self.churn_max = churn_max
        self.inflation = inflation

    @property
    def evaluations(self) -> int:
        """Two a step, one in the last."""
        return 2 * self.steps - 1

    def inner_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Churn at t, then one step of Heun's rule in r down to s."""
        process = denoiser.process
        y, r_s = x_t / process.alpha(t)[:, None], noise_scale(denoiser, s)
        r_t = noise_scale(denoiser, t)
        if self.churn > 0:
            r_up = self._raised(denoiser, r_t)
            y = y + self.inflation * (r_up**2 - r_t**2).sqrt() * noise_like(x_t, generator)
            t, r_t = process.time_from_log_snr(-2 * r_up.log())[:, 0], r_up
        here = (y - self._clean(denoiser, y, t, x_t)) / r_t
        ahead = y + (r_s - r_t) * here
        there = (ahead - self._clean(denoiser, ahead, s, x_t)) / r_s
        return (process.alpha(s)[:, None] * (y + (r_s - r_t) * (here + there) / 2)).to(x_t)

    def _raised(self, denoiser: RealDenoiser, r: Tensor) -> Tensor:
        horizon = torch.full_like(r[:1, 0], denoiser.process.horizon)
        growth = min(self.churn / self.steps, 2**0.5 - 1)
        inside = (r >= self.churn_min) & (r <= self.churn_max)
        return torch.where(inside, (1 + growth) * r, r).minimum(noise_scale(denoiser, horizon))

    @staticmethod
    def _clean(denoiser: RealDenoiser, y: Tensor, t: Tensor, x_t: Tensor) -> Tensor:
        return denoiser.posterior_mean((denoiser.process.alpha(t)[:, None] * y).to(x_t), t)
