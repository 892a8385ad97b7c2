"""Denoising score matching."""

import math
from typing import Literal

import torch
from torch import Tensor

from truescore.denoisers import LearnedRealDenoiser
from truescore.losses.times import stratified_times

HIDDEN = 4.0


class DenoisingScoreMatching:
    """|W (D(x_t, t) - x_0)|^2 / d, whose minimiser is D = E[x_0 | x_t] for every invertible W.

    ``mode``: W scales each eigenmode of the data, at each noise level, by the geometric mean of its
    noise (the spread of x_0 given x_t) and of the correction that is to be learned in it, so that
    a coherent mode with 100 times the variance of the others neither drowns them nor is drowned,
    and low noise, where corrections are small, still counts. ``score``: W = 1/s, the plain
    score-matching loss weighted by the noise variance, |sigma (score - score*)|^2.

    Each x_0 counts twice, with its noise z and with -z: the same mean loss, and a gradient without
    the part of its scatter that is odd in z, which at low noise is nearly all of it.

    Vincent 2011; the weighting follows Karras et al. 2022, arXiv 2206.00364, mode by mode.

    Args:
        weighting: ``mode`` or ``score``.
    """

    state_space = "real"

    def __init__(self, weighting: Literal["mode", "score"] = "mode") -> None:
        self.weighting = weighting

    def sample_times(
        self, denoiser: LearnedRealDenoiser, n: int, generator: torch.Generator
    ) -> Tensor:
        """Times at which to train, ``(n,)``: log-SNR uniform in strata.

        Nine in ten of them where s < 4 sqrt(l), l the largest eigenvalue of the data's second
        moments: beyond, noise hides even the coherent mode.
        """
        hidden = -math.log(HIDDEN**2 * float(denoiser.spectrum[-1]))
        return stratified_times(denoiser.process, n, generator, hidden)

    def __call__(
        self, denoiser: LearnedRealDenoiser, x_0: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Loss of each sample, ``(n,)``, unreduced so that callers may weight or bin it by time."""
        x_t = denoiser.process.perturb(x_0, t, generator)
        mirrored = 2 * denoiser.process.alpha(t)[:, None] * x_0 - x_t
        both, x_0, t = torch.cat([x_t, mirrored]), torch.cat([x_0, x_0]), torch.cat([t, t])
        residual = denoiser.posterior_mean(both, t) - x_0
        s = (denoiser.process.sigma(t) / denoiser.process.alpha(t))[:, None]
        weighted = denoiser.whiten(residual, s) if self.weighting == "mode" else residual / s
        return (weighted**2).mean(-1).reshape(2, -1).mean(0)
