"""A predictor's steps, each followed by Langevin steps that bring its law back to p_s."""

from typing import Literal

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.errors import UserError
from truescore.samplers.ancestral import Ancestral
from truescore.samplers.ddim import DDIM
from truescore.samplers.grids import Grid
from truescore.samplers.real import Prior, StochasticSampler, noise_like
from truescore.samplers.reverse_diffusion import ReverseDiffusion

PREDICTORS = {"ancestral": Ancestral, "ddim": DDIM, "reverse_diffusion": ReverseDiffusion}


class PredictorCorrector(StochasticSampler):
    """After each step to s: x <- x + e score(x, s) + sqrt(2 e) z, e = 2 (rho |z|/|score|)^2.

    |z|^2 = d, and |score|^2 is taken from the law's second moments, sum_k 1/(alpha^2 l_k +
    sigma^2), not measured on the points at hand: points that set each other's steps would not be
    independent. Langevin steps of fixed rho have a bias of order rho^2 that more steps do not cure.
    They are unstable where the law is narrower, in some direction, than about rho times the
    harmonic mean of its modes: lower rho there. Song et al. 2021, arXiv 2011.13456, appendix G.

    Args:
        steps: number of steps, the last of them from t_min to 0.
        grid: spacing of the times; see ``time_grid``.
        prior: see ``RealSampler``.
        predictor: ``reverse_diffusion``, ``ancestral`` or ``ddim``.
        corrections: Langevin steps after each step, >= 1.
        signal_to_noise: rho > 0.
    """

    def __init__(
        self,
        steps: int = 128,
        grid: Grid = "log_snr",
        prior: Prior = "matched",
        predictor: Literal["ancestral", "ddim", "reverse_diffusion"] = "reverse_diffusion",
        corrections: int = 1,
        signal_to_noise: float = 0.16,
    ) -> None:
        super().__init__(steps, grid, prior)
        if predictor not in PREDICTORS:
            raise UserError(
                f"got sampler.predictor={predictor!r}, expected {' or '.join(PREDICTORS)}"
            )
        if corrections < 1 or not signal_to_noise > 0:
            raise UserError(
                f"got sampler.corrections={corrections}, sampler.signal_to_noise={signal_to_noise},"
                " expected at least 1 and above 0: for no corrections choose the predictor itself"
            )
        self.predictor = PREDICTORS[predictor](steps, grid, prior)
        self.corrections = corrections
        self.signal_to_noise = signal_to_noise

    @property
    def evaluations(self) -> int:
        """One for each prediction and for each correction; none of these after the last step."""
        return self.steps + (self.steps - 1) * self.corrections

    def inner_step(
        self, denoiser: RealDenoiser, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Predict x_s, then correct it at s."""
        x = self.predictor.inner_step(denoiser, x_t, t, s, generator)
        alpha, sigma = denoiser.process.alpha(s)[:, None], denoiser.process.sigma(s)[:, None]
        precision = (1 / (alpha**2 * denoiser.spectrum + sigma**2)).mean(-1, keepdim=True)
        stride = 2 * self.signal_to_noise**2 / precision
        for _ in range(self.corrections):
            pull = stride * denoiser.score(x, s)
            x = (x + pull + (2 * stride).sqrt() * noise_like(x, generator)).to(x_t)
        return x
