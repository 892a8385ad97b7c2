"""Squared errors of ratios."""

from torch import Tensor

from truescore.losses.discrete import DiscreteLoss
from truescore.losses.score_entropy import jumps, log_ratios
from truescore.processes import DiscreteProcess


class ConcreteScoreMatching(DiscreteLoss):
    """w(t) sum_y Q(y, x) (s - a)^2 of the jumps to x = x_t^i, averaged over sites.

    s = p_t(y | rest)/p_t(x | rest) is the model's ratio, a = K(x_0, y)/K(x_0, x) that given x_0, Q
    the rates at beta = 1: the denoising form of concrete score matching. The minimiser is the true
    ratio s* = E[a | x_t], and what remains above the minimum is w E sum_y Q(y, x) (s - s*)^2.
    Ratios reach 1/w, the largest rate of a reversed jump, and so do their squares' means: w(t)
    makes all noise levels of one size.

    Meng et al. 2022, arXiv 2211.00802.
    """

    def of_sites(self, process: DiscreteProcess, clean: Tensor, x_0: Tensor, t: Tensor) -> Tensor:
        """Squared errors of each site, ``(n, d)``."""
        log_k, log_s, log_a = log_ratios(process, clean, x_0, t)
        # sqrt K(x) enters before the square, as a alone may be huge where K(x) is tiny.
        root = log_k[..., None, :] / 2
        each = ((root + log_s).exp() - (root + log_a).exp()) ** 2
        weight = 1 / process.reverse_rate_bound(t).to(clean)
        return weight[:, None] * jumps(process, each).sum((-2, -1))
