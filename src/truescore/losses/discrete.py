"""What losses of sites with finitely many symbols share."""

from abc import ABC, abstractmethod
from typing import cast

import torch
from torch import Tensor

from truescore.denoisers import DiscreteDenoiser
from truescore.losses.times import stratified_times
from truescore.processes import Absorbing, DiscreteProcess


class DiscreteLoss(ABC):
    """A loss of the leave-one-out laws P(x_0^i | x_t without x_t^i), averaged over sites.

    The denoiser's answer for site i does not see x_t^i, so the average over that site's own noise
    is taken exactly, given x_0^i: the same mean, and less scatter than the drawn symbol's term. If
    its answers hold at masked sites alone, those stand for all, which keeps the mean.
    """

    state_space = "discrete"

    def sample_times(
        self, denoiser: DiscreteDenoiser, n: int, generator: torch.Generator
    ) -> Tensor:
        """Times at which to train, ``(n,)``: log-SNR uniform in strata."""
        return stratified_times(denoiser.process, n, generator)

    def __call__(
        self, denoiser: DiscreteDenoiser, x_0: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Loss of each sample, ``(n,)``, unreduced so that callers may weight or bin it by time."""
        x_t = denoiser.process.perturb(x_0, t, generator)
        clean = denoiser.clean_log_probs(x_t, t)
        each = self.of_sites(denoiser.process, clean, x_0, t)
        if denoiser.masked_only:
            each = each * cast(Absorbing, denoiser.process).masked_weight(x_t, t).to(each)
        return each.mean(-1)

    @abstractmethod
    def of_sites(self, process: DiscreteProcess, clean: Tensor, x_0: Tensor, t: Tensor) -> Tensor:
        """Loss of each site, ``(n, d)``.

        Args:
            process: forward process.
            clean: the denoiser's log P(x_0^i = b | x_t without x_t^i), ``(n, d, q)``.
            x_0: samples of the law, ``(n, d)``.
            t: times, ``(n,)``.
        """


def cross_entropy(log_k: Tensor, log_p: Tensor) -> Tensor:
    """-sum_b k(b) log p(b), with 0 log 0 = 0, ``(..., m) -> (...)``."""
    return -(log_k.exp() * torch.where(log_k > -torch.inf, log_p, 0.0)).sum(-1)
