"""Sites unmasked one after the other, in an order drawn anew for every sample."""

import torch
from torch import Tensor

from truescore.denoisers import Denoiser, DiscreteDenoiser
from truescore.errors import UserError
from truescore.processes import Absorbing
from truescore.samplers.base import Sampler
from truescore.samplers.jumps import redraw


class Unmasking(Sampler):
    """Of d sites, d k/steps are known after step k; which come next is drawn at random.

    The reversed masking process without its waiting times, of which no answer depends: the sites it
    reveals at once are all that is approximate. With one step a site (``steps`` = d) nothing is,
    and the law is exact for an exact denoiser. The times handed to the denoiser are those at which
    the expected share of known sites is k/steps. Austin et al. 2021, arXiv 2107.03006, appendix A.3
    (order-agnostic autoregression); Ou et al. 2024, arXiv 2406.03736.

    Args:
        steps: groups of sites, at most d of any use.
    """

    state_space = "discrete"

    def __init__(self, steps: int = 32) -> None:
        super().__init__(steps, "uniform")
        if steps < 1:
            raise UserError(f"got sampler.steps={steps}, expected at least 1: raise it")

    @property
    def evaluations(self) -> int:
        """One a step."""
        return self.steps

    def times(self, denoiser: Denoiser) -> Tensor:
        """From T to 0 so that alpha, the expected share of known sites, rises evenly.

        Raises:
            UserError: the noise is not masks.
        """
        process = denoiser.process
        if not isinstance(process, Absorbing):
            raise UserError(
                f"got sampler=unmasking with {type(process).__name__}, expected masks: use"
                " sde=absorbing, or sampler=analytic"
            )
        known = torch.arange(1, self.steps, dtype=torch.float64) / self.steps
        between = process.schedule.inverse(-known.log())
        return torch.cat([torch.tensor([process.horizon]), between, torch.zeros(1)]).double()

    def step(
        self,
        denoiser: DiscreteDenoiser,
        x_t: Tensor,
        t: Tensor,
        s: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Reveal masked sites until the share of known ones is alpha(s); see ``Sampler.step``."""
        process = denoiser.process
        masked = x_t == process.symbols[-1]
        known = (process.schedule.value(s).neg().exp() * x_t.shape[1]).round()
        turn = torch.rand(x_t.shape, device=x_t.device, generator=generator)
        turn = turn.masked_fill(~masked, -1.0).argsort(1).argsort(1)
        revealed = masked & (turn < known[:, None])
        drawn = redraw(process, denoiser.clean_log_probs(x_t, t), x_t, generator)
        return torch.where(revealed, drawn, x_t)
