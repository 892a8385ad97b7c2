"""Denoising score matching at one noise level."""

import math

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.errors import UserError
from truescore.losses.denoising import DenoisingScoreMatching
from truescore.processes import GaussianNoise


class FixedSigmaDenoising(DenoisingScoreMatching):
    """sigma^2 |score(y) - (x_0 - y) / sigma^2|^2 / d with y = x_0 + sigma z, at one sigma.

    Its minimiser is the score of the data blurred by sigma, as Vincent 2011 has it. The level is
    the time at which the process has s = sigma(t)/alpha(t) equal to sigma, where y = x_t / alpha.

    Args:
        sigma: the noise level, in the units of the data, > 0.
    """

    def __init__(self, sigma: float) -> None:
        if not 0 < sigma < math.inf:
            raise UserError(f"got sigma={sigma}, expected a positive number")
        super().__init__("score")
        self.sigma = sigma

    def sample_times(self, denoiser: RealDenoiser, n: int, generator: torch.Generator) -> Tensor:
        """The time of the level, ``(n,)`` times."""
        return torch.full((n,), self.time(denoiser.process), device=generator.device)

    def time(self, process: GaussianNoise) -> float:
        """The time at which sigma(t)/alpha(t) is the level.

        Raises:
            UserError: if the process does not have the level between t_min and its horizon.
        """
        ends = torch.tensor([process.t_min, process.horizon], dtype=torch.float64)
        low, high = (-process.log_snr(ends) / 2).exp().tolist()
        if not low <= self.sigma <= high:
            raise UserError(
                f"got sigma={self.sigma}, expected {low:.2g} to {high:.2g}, the noise levels of the"
                " process: choose one or change sde"
            )
        log_snr = torch.tensor(-2 * math.log(self.sigma), dtype=torch.float64)
        return float(process.time_from_log_snr(log_snr))
