"""Second-order jumps: a first stage to see where the rates go, a second that corrects for it."""

from abc import abstractmethod

import torch
from torch import Tensor

from truescore.denoisers import DiscreteDenoiser
from truescore.errors import UserError
from truescore.processes import DiscreteProcess
from truescore.processes.discrete import by_site
from truescore.samplers.discrete import JumpSampler
from truescore.samplers.grids import Grid
from truescore.samplers.jumps import bridge, first_jump, log_law_of_leaving, log_rates, redraw


class TwoStages(JumpSampler):
    """Stage one: to m = t - theta (t - s), all sites at once. Stage two: from m to s.

    With mu what is known of the jumps in the first stage and mu* at the point it reached, stage two
    jumps by a1 mu* - a2 mu, a1 = 1/(2 theta (1 - theta)), a2 = a1 - 1, cut at zero: so a jump of
    one site changes the others' rates during half the step on average, as it does in truth, and the
    law is of second order in the step. Ren et al. 2025, arXiv 2502.00234, algorithm 2. Where a jump
    more than halves another's rate the cut bites, and leaves a small error of first order; with
    masks, whose jumps are all of that kind, little is gained.
    """

    def __init__(self, steps: int = 32, grid: Grid = "quadratic", theta: float = 0.5) -> None:
        super().__init__(steps, grid)
        if not 0 < theta < 1:
            raise UserError(f"got theta={theta}, expected inside (0, 1): 0.5 cuts least")
        self.theta = theta

    @property
    def evaluations(self) -> int:
        """Two a step, and one in the last."""
        return 2 * self.steps - 1

    def step(
        self,
        denoiser: DiscreteDenoiser,
        x_t: Tensor,
        t: Tensor,
        s: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Move sites from time t to s; see ``Sampler.step``."""
        process, before = denoiser.process, denoiser.clean_log_probs(x_t, t)
        if not s.any():
            return redraw(process, bridge(process, before, x_t, t, s), x_t, generator)
        m = t - self.theta * (t - s)
        x_m = redraw(process, self.first_stage(process, before, x_t, t, m), x_t, generator)
        after = denoiser.clean_log_probs(x_m, m)
        law = self.second_stage(process, before, after, x_t, x_m, t, m, s)
        return redraw(process, law, x_m, generator)

    @abstractmethod
    def first_stage(
        self, process: DiscreteProcess, clean: Tensor, x_t: Tensor, t: Tensor, m: Tensor
    ) -> Tensor:
        """Log law of each site at m, ``(n, d, m)``."""

    @abstractmethod
    def second_stage(
        self,
        process: DiscreteProcess,
        before: Tensor,
        after: Tensor,
        x_t: Tensor,
        x_m: Tensor,
        t: Tensor,
        m: Tensor,
        s: Tensor,
    ) -> Tensor:
        """Log law of each site at s, ``(n, d, m)``, by the clean laws given x_t and given x_m."""

    def extrapolate(self, now: Tensor, then: Tensor) -> Tensor:
        """a1 now - a2 then, cut at zero."""
        a1 = 1 / (2 * self.theta * (1 - self.theta))
        return (a1 * now - (a1 - 1) * then).clamp(min=0)


class AnalyticTrapezoidal(TwoStages):
    """Both stages by the exact law of each site given the others; mu are its probabilities.

    So nothing but the influence of sites on each other is approximate. On a ring of six at T = J,
    16 steps leave a nearest-neighbour correlation 1e-4 off, where 32 of the analytic bridge leave
    1.3e-2 (exact scores, quadratic grid, enumerated).
    """

    def first_stage(
        self, process: DiscreteProcess, clean: Tensor, x_t: Tensor, t: Tensor, m: Tensor
    ) -> Tensor:
        """The bridge."""
        return bridge(process, clean, x_t, t, m)

    def second_stage(
        self,
        process: DiscreteProcess,
        before: Tensor,
        after: Tensor,
        x_t: Tensor,
        x_m: Tensor,
        t: Tensor,
        m: Tensor,
        s: Tensor,
    ) -> Tensor:
        """The bridge, extrapolated.

        A site's own jumps in both stages compose exactly: both terms start where it is now.
        """
        own = process.index(x_m)[..., None]
        now, then = (bridge(process, clean, x_m, m, s).exp() for clean in (after, before))
        leave = self.extrapolate(now, then).scatter(-1, own, 0.0)
        return log_law_of_leaving(process, leave, x_m)


class ThetaTrapezoidal(TwoStages):
    """Both stages by tau leaping; mu are expected numbers of jumps."""

    def first_stage(
        self, process: DiscreteProcess, clean: Tensor, x_t: Tensor, t: Tensor, m: Tensor
    ) -> Tensor:
        """The first jump at the rates of x_t."""
        expected = log_rates(process, clean, x_t, t).exp() * by_site(t - m)[..., None]
        return log_law_of_leaving(process, first_jump(expected), x_t)

    def second_stage(
        self,
        process: DiscreteProcess,
        before: Tensor,
        after: Tensor,
        x_t: Tensor,
        x_m: Tensor,
        t: Tensor,
        m: Tensor,
        s: Tensor,
    ) -> Tensor:
        """The first jump at extrapolated rates; where a site has jumped, x_t had no such jump."""
        now = log_rates(process, after, x_m, m).exp()
        then = log_rates(process, before, x_t, t).exp() * (x_t == x_m)[..., None]
        expected = self.extrapolate(now, then) * by_site(m - s)[..., None]
        return log_law_of_leaving(process, first_jump(expected), x_m)
