"""Draws from the forward process's own law of x_s between x_0 and x_t."""

import torch
from torch import Tensor

from truescore.samplers.grids import Grid
from truescore.samplers.noise_level import NoiseLevel
from truescore.samplers.real import (
    DenoisingSampler,
    Prior,
    StochasticSampler,
    noise_like,
)


class Ancestral(DenoisingSampler, StochasticSampler):
    """y_s = D + q^2 (y_t - D) + r_s sqrt(1 - q^2) z, q = r_s/r_t: weak order 1.

    The Gaussian bridge p(x_s | x_t, x_0), exact, with the posterior mean D for x_0: what x_0
    scatters about D is left out. Ho, Jain and Abbeel 2020, arXiv 2006.11239, equations 6 and 7,
    for any Gaussian process; also the first-order SDE-DPM-Solver++.
    """

    def __init__(self, steps: int = 256, grid: Grid = "log_snr", prior: Prior = "matched") -> None:
        super().__init__(steps, grid, prior)

    def towards(
        self,
        clean: Tensor,
        x_t: Tensor,
        here: NoiseLevel,
        there: NoiseLevel,
        generator: torch.Generator,
    ) -> Tensor:
        """Draw x_s, ``(n, d)``, from the bridge between x_t and x_0 = ``clean``."""
        return bridge(x_t, here, there, clean, noise_like(x_t, generator)).to(x_t)


def bridge(x_t: Tensor, here: NoiseLevel, there: NoiseLevel, clean: Tensor, z: Tensor) -> Tensor:
    """x_s given x_t and x_0 = ``clean``, ``(n, d)``, from standard normal numbers z."""
    y = x_t / here.alpha
    change = 2 * (there.log_r - here.log_r)
    noise = there.sigma / there.alpha * (-torch.expm1(change)).sqrt() * z
    return there.alpha * (clean + change.exp() * (y - clean) + noise)
