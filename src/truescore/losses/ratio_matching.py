"""Ratio matching: the conditionals of the noisy law, site by site."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from truescore.denoisers import DiscreteDenoiser, SpinDenoiser
from truescore.errors import UserError
from truescore.losses.discrete import DiscreteLoss, cross_entropy
from truescore.losses.times import site_times
from truescore.processes import DiscreteProcess, SpinFlip
from truescore.processes.discrete import by_site


class RatioMatching(DiscreteLoss):
    """Cross-entropy of p_t(x_t^i | x_t without x_t^i), averaged over sites, in nats.

    Its minimiser gives every conditional, hence every ratio p_t(x with b at i)/p_t(x); what remains
    above the minimum is the relative entropy per site, the score error itself. With k_i(b) =
    P(x_t^i = b | x_0^i) the loss of a site is -sum_b k_i(b) log p_i(b), over spins, states and
    masks alike; of flips -q_i log p_i(+) - (1 - q_i) log p_i(-), q_i = P(x_t^i = +1 | x_0^i).

    Hyvarinen 2007; Sun et al. 2023, arXiv 2211.16750, equation 12.

    Args:
        site_times: whether a part of a sample's sites is at an earlier time than the others, as it
            is while a sampler moves some before others; see `losses.times.site_times`.
    """

    def __init__(self, site_times: bool = False) -> None:
        self.site_times = site_times

    def __call__(
        self, denoiser: DiscreteDenoiser, x_0: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Loss of each sample, ``(n,)``; of flips in closed form, which is faster."""
        process = denoiser.process
        if self.site_times:
            t = site_times(process, t, x_0.shape[1], generator)
        if not isinstance(denoiser, SpinDenoiser) or not isinstance(process, SpinFlip):
            return super().__call__(denoiser, x_0, t, generator)
        x_t = process.perturb(x_0, t, generator)
        log_odds, flip = denoiser.log_odds(x_t, t), by_site(process.flip_probability(t))
        stay = 1 - 2 * flip
        up = flip + stay * (1 + x_0) / 2
        # No logarithm comes near log 0, since flip is t_min at least.
        log_up = (flip + stay * log_odds.sigmoid()).log()
        log_down = (flip + stay * (-log_odds).sigmoid()).log()
        return -(up * log_up + (1 - up) * log_down).mean(-1)

    def of_sites(self, process: DiscreteProcess, clean: Tensor, x_0: Tensor, t: Tensor) -> Tensor:
        """Cross-entropy of each site's noisy symbol, ``(n, d)``."""
        return cross_entropy(process.log_noisy(x_0, t), process.log_forward(clean, t))

    def of_pair(self, denoiser: DiscreteDenoiser, x_t: Tensor, t: Tensor) -> Tensor:
        """Loss of each noisy point whose clean one is not at hand, ``(n,)``: -log p_i(x_t^i).

        The same mean, with more scatter. Of flips -log(1/2 + x_t^i (p_i(+) - 1/2)).
        """
        process = denoiser.process
        if isinstance(denoiser, SpinDenoiser) and isinstance(process, SpinFlip):
            return -logsigmoid(x_t * denoiser.site_log_odds(x_t, t)).mean(-1)
        if denoiser.masked_only:
            raise UserError(
                "got a denoiser of masked sites alone with stored trajectories, expected one of all"
                " sites: use model=leave_one_out"
            )
        log_p = process.log_forward(denoiser.clean_log_probs(x_t, t), t)
        return -log_p.gather(-1, process.index(x_t)[..., None])[..., 0].mean(-1)
