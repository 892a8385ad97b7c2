"""Denoising score entropy."""

import torch
from torch import Tensor

from truescore.losses.discrete import DiscreteLoss
from truescore.processes import DiscreteProcess


class ScoreEntropy(DiscreteLoss):
    """sum_y Q(y, x) [s - a log s + a (log a - 1)] of the jumps to x = x_t^i, averaged over sites.

    s = p_t(y | rest)/p_t(x | rest) is the model's ratio, a = K(x_0, y)/K(x_0, x) that given x_0, Q
    the rates at beta = 1. The minimiser is the true ratio, E[a | x_t]; the loss is never negative,
    and what remains above the minimum is E sum_y Q(y, x) [s - s* - s* log(s/s*)] of the true s*:
    the rate at which, in the clock B, the relative entropy of reversed paths grows. All noise
    levels count alike in log-SNR, so low noise counts more than in the evidence bound; see `ELBO`.

    Lou et al. 2024, arXiv 2310.16834, theorem 3.4, with w_xy = Q(y, x).
    """

    def of_sites(self, process: DiscreteProcess, clean: Tensor, x_0: Tensor, t: Tensor) -> Tensor:
        """Score entropy of each site, ``(n, d)``."""
        return score_entropy(process, clean, x_0, t)


def score_entropy(process: DiscreteProcess, clean: Tensor, x_0: Tensor, t: Tensor) -> Tensor:
    """Mean over x_t^i, given x_0^i, of the loss's sum over jumps, ``(n, d)``.

    sum_{x, y} Q(y, x) [K(x) e^D - K(y) D + K(y) (D* - 1)], with D = log p(y)/p(x) and
    D* = log K(y)/K(x).
    """
    log_k, log_s, log_a = log_ratios(process, clean, x_0, t)
    # K(x) a = K(y), taken from where it is exact: K(x) may be next to nothing.
    of_model = (log_k[..., None, :] + log_s).exp()
    target = log_k.exp()[..., :, None]
    each = of_model + target * (torch.where(target > 0, log_a - log_s, 0.0) - 1)
    return jumps(process, each).sum((-2, -1))


def log_ratios(
    process: DiscreteProcess, clean: Tensor, x_0: Tensor, t: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Log K(x_0, .) ``(n, d, m)``; log p(y)/p(x), and log K(x_0, y)/K(x_0, x), ``(n, d, m, m)``.

    Rows are y, the symbol before the jump, columns x, that after it; 0 where there is no such jump.
    """
    log_p, log_k = process.log_forward(clean, t), process.log_noisy(x_0, t).to(clean)
    possible = process.generator().to(clean, non_blocking=True).fill_diagonal_(0.0) > 0
    ratios = [
        torch.where(possible, log[..., :, None] - log[..., None, :], 0.0) for log in (log_p, log_k)
    ]
    return log_k, ratios[0], ratios[1]


def jumps(process: DiscreteProcess, each: Tensor) -> Tensor:
    """Values of jumps y to x ``(..., m, m)``, times their rates at beta = 1."""
    return process.generator().to(each, non_blocking=True).fill_diagonal_(0.0) * each
