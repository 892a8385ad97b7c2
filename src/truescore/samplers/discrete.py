"""Samplers of sites with finitely many symbols: jumps that each made on its own, reversed."""

import itertools
from abc import abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor

from truescore.denoisers import DiscreteDenoiser
from truescore.errors import UserError
from truescore.processes import DiscreteProcess
from truescore.processes.discrete import by_site
from truescore.samplers.base import Sampler
from truescore.samplers.entropy_grid import entropy_times
from truescore.samplers.grids import Grid
from truescore.samplers.jumps import bridge, first_jump, log_law_of_leaving, log_rates, redraw


class JumpSampler(Sampler):
    """A sampler of discrete sites on a grid of times, ``entropy`` among them."""

    state_space = "discrete"

    def times(self, denoiser: DiscreteDenoiser) -> Tensor:
        """The grid ``(steps + 1,)`` from T to 0; see ``Sampler.times``."""
        if self.grid == "entropy":
            return entropy_times(denoiser, self.steps)
        return super().times(denoiser)


class DiscreteSampler(JumpSampler):
    """A sampler whose step draws all sites at once, each from a law of its own given x_t.

    The last step, to t = 0, draws each site from its exact law given the others (the bridge):
    whatever the method, no mask and no noise is left.
    """

    @property
    def evaluations(self) -> int | None:
        """One a step."""
        return self.steps

    def moves(self, times: Tensor, dim: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Times before and after each move: ``()`` if all sites move, else ``(dim,)``."""
        yield from itertools.pairwise(times)

    def path(
        self, denoiser: DiscreteDenoiser, x: Tensor, times: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Move sites ``(n, d)`` through decreasing times; see ``Sampler.path``."""
        for t, s in self.moves(times, x.shape[1]):
            n = len(x)
            x = self.step(denoiser, x, t.expand(n, *t.shape), s.expand(n, *s.shape), generator)
        return x

    def step(
        self,
        denoiser: DiscreteDenoiser,
        x_t: Tensor,
        t: Tensor,
        s: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Move sites from time t to s; see ``Sampler.step``."""
        return redraw(denoiser.process, self.log_transition(denoiser, x_t, t, s), x_t, generator)

    def log_transition(
        self, denoiser: DiscreteDenoiser, x_t: Tensor, t: Tensor, s: Tensor
    ) -> Tensor:
        """Log law of each site at time s < t given x_t, ``(n, d, m)``."""
        clean = denoiser.clean_log_probs(x_t, t)
        if not s.any():
            return bridge(denoiser.process, clean, x_t, t, s)
        return self.log_law(denoiser.process, clean, x_t, t, s)

    @abstractmethod
    def log_law(
        self, process: DiscreteProcess, clean: Tensor, x_t: Tensor, t: Tensor, s: Tensor
    ) -> Tensor:
        """The same for s > 0, from the leave-one-out log laws of the clean sites ``(n, d, q)``."""


class AnalyticBridge(DiscreteSampler):
    """Draw each x_s^i from its exact law given x_t; only their joint independence is approximate.

    P(x_s^i | x_t) ~ P(x_t^i | x_s^i) P(x_s^i | x_t without x_t^i): the leave-one-out law of the
    clean site carried forward to time s, times the evidence of the jumps between s and t. Holds
    down to s = 0. Sun et al. 2023, arXiv 2211.16750, section 4.3.
    """

    def __init__(self, steps: int = 256, grid: Grid = "quadratic") -> None:
        super().__init__(steps, grid)

    def log_law(
        self, process: DiscreteProcess, clean: Tensor, x_t: Tensor, t: Tensor, s: Tensor
    ) -> Tensor:
        """The bridge."""
        return bridge(process, clean, x_t, t, s)


class ColouredBridge(AnalyticBridge):
    """The analytic bridge, colour by colour: site i has colour i mod ``colours``.

    A colour is moved with the others already where they are, so only sites of one colour are drawn
    apart. As many colours as sites move one at a time, and an exact score gives an exact law. The
    denoiser must answer for sites with times of their own.

    Args:
        steps: sweeps over all colours.
        grid: of the sweeps' times.
        colours: at least 2.
    """

    def __init__(self, steps: int = 64, grid: Grid = "quadratic", colours: int = 4) -> None:
        super().__init__(steps, grid)
        if colours < 2:
            raise UserError(f"got colours={colours}, expected at least 2: or use sampler=analytic")
        self.colours = colours

    @property
    def evaluations(self) -> int:
        """One a colour and sweep."""
        return self.steps * self.colours

    def moves(self, times: Tensor, dim: int) -> Iterator[tuple[Tensor, Tensor]]:
        """A sweep's colours, one after the other."""
        colour = torch.arange(dim, device=times.device) % self.colours
        for t, s in itertools.pairwise(times):
            for k in range(min(self.colours, dim)):
                yield torch.where(colour < k, s, t), torch.where(colour <= k, s, t)


class JumpEuler(DiscreteSampler):
    """Jump with probability R (t - s), R(b) = Q(b, x) p_t(b)/p_t(x): first order in t - s.

    Where the probabilities of a site's jumps exceed one together, they are scaled to one. Sun et
    al. 2023, arXiv 2211.16750, equation 8 (the reverse rate of a unit-rate flip).
    """

    def __init__(self, steps: int = 400, grid: Grid = "quadratic") -> None:
        super().__init__(steps, grid)

    def log_law(
        self, process: DiscreteProcess, clean: Tensor, x_t: Tensor, t: Tensor, s: Tensor
    ) -> Tensor:
        """Reverse rates times the length of the step."""
        leave = log_rates(process, clean, x_t, t).exp() * by_site(t - s)[..., None]
        return log_law_of_leaving(process, leave, x_t)


class TauLeaping(DiscreteSampler):
    """Hold the reverse rates of x_t until s, and let each site make its first jump at most.

    P(stay) = exp(-sum_b R(b) (t - s)). Campbell et al. 2022, arXiv 2205.14987, section 4.3.
    """

    def __init__(self, steps: int = 400, grid: Grid = "quadratic") -> None:
        super().__init__(steps, grid)

    def log_law(
        self, process: DiscreteProcess, clean: Tensor, x_t: Tensor, t: Tensor, s: Tensor
    ) -> Tensor:
        """Exponential waiting times."""
        rates = log_rates(process, clean, x_t, t).exp() * by_site(t - s)[..., None]
        return log_law_of_leaving(process, first_jump(rates), x_t)
