"""The evidence bound of continuous time."""

import torch
from torch import Tensor

from truescore.losses.discrete import DiscreteLoss
from truescore.losses.score_entropy import score_entropy
from truescore.processes import DiscreteProcess


class ELBO(DiscreteLoss):
    """The negative evidence bound between t_min and T, in nats per site, from one time a sample.

    -log p(x_0) <= KL(q(x_T | x_0) || prior) - E log p(x_0 | x_{t_min})
                   + int E sum_i sum_y Q(y, x_t^i) [s - a log s + a (log a - 1)] dB,

    the integral of the score entropy over the clock B(t) from t_min to T. This loss is the integral
    per site; its mean over times is that, as times are uniform in the log-SNR and weigh
    |dB/d log-SNR| times the log-SNR's range. `likelihood.negative_elbo` adds both ends. What
    remains above the minimum is the relative entropy of reversed paths, per site. Under masks the
    integrand is the cross-entropy of the masked sites times alpha/(1 - alpha).

    Campbell et al. 2022, arXiv 2205.14987, proposition 2; Lou et al. 2024, arXiv 2310.16834,
    theorem 3.6; of masks Sahoo et al. 2024, arXiv 2406.07524, and Shi et al. 2024, 2406.04329.
    """

    def of_sites(self, process: DiscreteProcess, clean: Tensor, x_0: Tensor, t: Tensor) -> Tensor:
        """Integrand of each site over its density of times, ``(n, d)``."""
        weight = process.clock_per_log_snr(t) * log_snr_range(process)
        return weight.to(clean)[:, None] * score_entropy(process, clean, x_0, t)


def log_snr_range(process: DiscreteProcess) -> float:
    """Log-SNR at t_min less that at T."""
    ends = torch.tensor([process.t_min, process.horizon], dtype=torch.float64)
    high, low = process.log_snr(ends).tolist()
    return high - low
