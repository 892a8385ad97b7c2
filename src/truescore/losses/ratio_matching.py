"""Ratio matching: the conditionals of the noisy law, site by site."""

from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from truescore.denoisers import SpinDenoiser
from truescore.losses.times import stratified_times
from truescore.processes import SpinFlip
from truescore.processes.discrete import by_site


class RatioMatching:
    """Cross-entropy of p_t(x_t^i | x_t without x_t^i), averaged over sites, in nats.

    Its minimiser gives every conditional, hence every ratio p_t(flip_i x)/p_t(x); what remains
    above the minimum is the relative entropy per site, the score error itself. The model's answer
    for site i does not see x_t^i, so the average over that site's own flip is taken exactly:
    -q_i log p_i(+) - (1 - q_i) log p_i(-), q_i = P(x_t^i = +1 | x_0^i), with the same mean and less
    scatter than the drawn spin's term.

    Hyvarinen 2007; Sun et al. 2023, arXiv 2211.16750, equation 12.
    """

    state_space = "spin"

    def sample_times(self, denoiser: SpinDenoiser, n: int, generator: torch.Generator) -> Tensor:
        """Times at which to train, ``(n,)``: log-SNR uniform in strata."""
        return stratified_times(denoiser.process, n, generator)

    def __call__(
        self, denoiser: SpinDenoiser, x_0: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Loss of each sample, ``(n,)``, unreduced so that callers may weight or bin it by time."""
        process = cast(SpinFlip, denoiser.process)
        x_t = process.perturb(x_0, t, generator)
        log_odds = denoiser.site_log_odds(x_t, t)
        up = (1 + x_0 * by_site(process.alpha(t))) / 2
        return -(up * logsigmoid(log_odds) + (1 - up) * logsigmoid(-log_odds)).mean(-1)
