"""The loss of one network for all orders in which sites can be unmasked."""

import torch
from torch import Tensor

from truescore.denoisers import DiscreteDenoiser
from truescore.errors import UserError
from truescore.processes import Absorbing


class AnyOrder:
    """-log P(x_0^i | the known sites), averaged over the masked ones, in nats; of masks.

    The number of known sites is uniform over 0 .. d-1 and which they are is drawn at random, so d
    times the mean is the evidence bound of drawing the sites one by one in random order, as
    ``sampler=unmasking`` does: no scatter of waiting times, and no answer asked where a site is
    known. Hoogeboom et al. 2021, arXiv 2110.02037; Uria et al. 2014, arXiv 1310.1757.
    """

    state_space = "discrete"

    def sample_times(
        self, denoiser: DiscreteDenoiser, n: int, generator: torch.Generator
    ) -> Tensor:
        """Times ``(n,)`` at which the expected share of known sites is uniform, in strata.

        Raises:
            UserError: the noise is not masks.
        """
        process = denoiser.process
        if not isinstance(process, Absorbing):
            raise UserError(
                f"got loss=any_order with {type(process).__name__}, expected masks: use"
                " sde=absorbing, or loss=ratio_matching"
            )
        u = torch.rand(n, dtype=torch.float64, device=generator.device, generator=generator)
        known = (torch.arange(n, dtype=torch.float64, device=generator.device) + u) / n
        return process.schedule.inverse(-known.log()).clamp(process.t_min, process.horizon).float()

    def __call__(
        self, denoiser: DiscreteDenoiser, x_0: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Loss of each sample, ``(n,)``; floor(alpha d) of its sites are known, at most d-1."""
        process, dim = denoiser.process, x_0.shape[1]
        known = (process.schedule.value(t).neg().exp() * dim).floor().clamp(max=dim - 1)
        turn = torch.rand(x_0.shape, device=x_0.device, generator=generator).argsort(1).argsort(1)
        masked = turn >= known[:, None]
        x_t = torch.where(masked, process.symbols[-1].to(x_0, non_blocking=True), x_0)
        clean = denoiser.clean_log_probs(x_t, t)
        surprise = -clean.gather(-1, process.index(x_0)[..., None])[..., 0]
        return (surprise * masked).sum(1) / (dim - known)
