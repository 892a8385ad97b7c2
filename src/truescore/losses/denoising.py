"""Denoising score matching."""

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.losses.times import TimeLaw, check_time_law, training_times
from truescore.losses.weighting import Weighting, check_weighting, weigh


class DenoisingScoreMatching:
    """|W (D(x_t, t) - x_0)|^2 / d, whose minimiser is D = E[x_0 | x_t] for every invertible W.

    ``mode``: W scales each eigenmode of the data, at each noise level, by the geometric mean of its
    noise (the spread of x_0 given x_t) and of the correction that is to be learned in it, so that
    a coherent mode with 100 times the variance of the others neither drowns them nor is drowned,
    and low noise, where corrections are small, still counts. The others are numbers that depend on
    the noise level alone; their formulas and sources stand at `losses.weighting.weigh`.

    Each x_0 counts twice, with its noise z and with -z: the same mean loss, and a gradient without
    the part of its scatter that is odd in z, which at low noise is nearly all of it.

    Vincent 2011; ``mode`` follows Karras et al. 2022, arXiv 2206.00364, mode by mode.

    Args:
        weighting: ``mode``, ``score``, ``likelihood``, ``velocity``, ``edm`` or ``min_snr``.
        times: law of the training times: ``log_snr``, ``uniform`` or ``log_normal``; the loss at a
            given time does not depend on it.
    """

    state_space = "real"

    def __init__(self, weighting: Weighting = "mode", times: TimeLaw = "log_snr") -> None:
        check_weighting(weighting)
        check_time_law(times)
        self.weighting: Weighting = weighting
        self.times: TimeLaw = times

    def sample_times(self, denoiser: RealDenoiser, n: int, generator: torch.Generator) -> Tensor:
        """Times at which to train, ``(n,)``; see `losses.times.training_times`."""
        return training_times(self.times, denoiser, n, generator)

    def __call__(
        self, denoiser: RealDenoiser, x_0: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Loss of each sample, ``(n,)``, unreduced so that callers may weight or bin it by time."""
        x_t = denoiser.process.perturb(x_0, t, generator)
        mirrored = 2 * denoiser.process.alpha(t)[:, None] * x_0 - x_t
        both, x_0, t = torch.cat([x_t, mirrored]), torch.cat([x_0, x_0]), torch.cat([t, t])
        residual = denoiser.posterior_mean(both, t) - x_0
        weighted = weigh(self.weighting, denoiser, residual, t)
        return (weighted**2).mean(-1).reshape(2, -1).mean(0)
