"""Samples of a model's law under a condition: sites held, another temperature, a magnetisation."""

import itertools
import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from truescore.denoisers import Denoiser, DiscreteDenoiser
from truescore.errors import UserError
from truescore.processes import DiscreteProcess
from truescore.samplers.base import CHUNK, Sampler
from truescore.samplers.gibbs import Conditionals, heat_bath

# Powers through which the law passes from 1 to the one asked for, in the first half of the sweeps.
STAGES = 20


class Conditioned(Sampler):
    """Draws from p(x)^power / Z' given the held sites and the sum over all sites.

    Another sampler's path with the held sites replaced by noised ones at every time, which is
    biased (with masks they are simply not masked, which is not); then moves at t = 0 that leave the
    conditional law as it is: single sites by p(x_i | rest)^power (``heat_bath``), or, at fixed
    sum, one spin +1 taken away and put where p(x)^power would have it. Both only ask for
    leave-one-out laws at t = 0, where alone a power of them belongs to the power of the law; at t >
    0 scaled log-ratios belong to no power of it. So for an exact score the law converges to the one
    asked for as ``sweeps`` grows, as fast as the moves forget: a ring with coupling J at T' in some
    1/(1 - tanh(2 J/T')) sweeps.

    Args:
        sampler: of discrete sites, for the path.
        held: values of the sites that are held, by their number from 0.
        power: T/T' for samples at a temperature T' of a law at T, > 0.
        magnetisation: sum over all spins, those held included; any if left out.
        sweeps: moves at t = 0, redraws of each site, >= 0; with 0 and sites held it is the naive
            replacement.
    """

    state_space = "discrete"

    def __init__(
        self,
        sampler: Sampler,
        held: Mapping[int, float] | None = None,
        power: float = 1.0,
        magnetisation: int | None = None,
        sweeps: float = 100.0,
    ) -> None:
        super().__init__(sampler.steps, sampler.grid)
        if not (power > 0 and math.isfinite(power)):
            raise UserError(f"got power={power} = T/T', expected > 0: choose temperatures > 0")
        if not 0 <= sweeps < math.inf:
            raise UserError(f"got sweeps={sweeps}, expected at least 0: mend it")
        self.sampler = sampler
        self.held = dict(held or {})
        self.power = power
        self.magnetisation = magnetisation
        self.sweeps = sweeps

    @property
    def evaluations(self) -> None:
        """The sampler's, and one for each move besides."""
        return None

    def times(self, denoiser: DiscreteDenoiser) -> Tensor:
        """The sampler's."""
        return self.sampler.times(denoiser)

    def sample(
        self,
        denoiser: Denoiser,
        n: int,
        dim: int,
        generator: torch.Generator,
        chunk_size: int = CHUNK,
        on_chunk: Callable[[int], None] | None = None,
    ) -> Tensor:
        """Draw ``n`` points ``(n, dim)``; see ``Sampler.sample``.

        Raises:
            UserError: no point meets the condition.
        """
        if isinstance(denoiser, DiscreteDenoiser):
            self._check(denoiser.process, dim)
        return super().sample(denoiser, n, dim, generator, chunk_size, on_chunk)

    def step(
        self,
        denoiser: DiscreteDenoiser,
        x_t: Tensor,
        t: Tensor,
        s: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """The sampler's step; see ``Sampler.step``."""
        return self.sampler.step(denoiser, x_t, t, s, generator)

    def path(
        self, denoiser: DiscreteDenoiser, x: Tensor, times: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Move points ``(n, d)`` down to t = 0, and let them settle there."""
        for step in itertools.pairwise(times):
            x = self._replaced(denoiser.process, x, step[0], generator)
            x = self.sampler.path(denoiser, x, torch.stack(step), generator)
        return self._settled(denoiser, self._held_in(x), generator)

    def _held_in(self, x: Tensor) -> Tensor:
        """Points whose held sites have their values."""
        x = x.clone()
        for site, value in self.held.items():
            x[:, site] = value
        return x

    def _replaced(
        self, process: DiscreteProcess, x: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Points whose held sites have their values as noised as the others are at time t."""
        clean = self._held_in(x)
        if not self.held or process.masks:  # a site that is known has no mask
            return clean
        sites = list(self.held)
        x = x.clone()
        x[:, sites] = process.perturb(clean[:, sites], t.expand(len(x)), generator)
        return x

    def _settled(self, denoiser: DiscreteDenoiser, x: Tensor, generator: torch.Generator) -> Tensor:
        """Points after the moves at t = 0."""
        free = torch.ones(x.shape[1], dtype=torch.bool, device=x.device)
        free[list(self.held)] = False
        if self.magnetisation is not None:
            x = _with_sum(x, self.magnetisation, free, generator)
        stages = STAGES if self.power != 1 else 0
        powers = torch.linspace(1, self.power, stages + 2)[1:-1].tolist()
        plan = [(power, self.sweeps / 2 / stages) for power in powers]
        for power, sweeps in [*plan, (self.power, self.sweeps / (2 if plan else 1))]:
            law = at_power(denoiser, power)
            if self.magnetisation is None:
                x = heat_bath(law, denoiser.process, x, sweeps, generator, free)
            else:
                x = exchange(law, x, sweeps, generator, free)
        return x

    def _check(self, process: DiscreteProcess, dim: int) -> None:
        known = process.symbols[: process.n_states].tolist()
        for site, value in self.held.items():
            if not 0 <= site < dim:
                raise UserError(
                    f"got site {site} held, expected a site from 0 to {dim - 1}: mend its number"
                )
            if value not in known:
                values = ", ".join(f"{symbol:g}" for symbol in known)
                raise UserError(
                    f"got site {site} held at {value:g}, expected one of {values}: hold it at one"
                )
        if self.magnetisation is None:
            return
        if known != [-1.0, 1.0]:
            raise UserError(
                f"got magnetisation={self.magnetisation} of states, expected spins: leave it out"
            )
        fixed, free = sum(self.held.values()), dim - len(self.held)
        low, high = int(fixed) - free, int(fixed) + free
        if not low <= self.magnetisation <= high or (self.magnetisation - low) % 2:
            raise UserError(
                f"got magnetisation={self.magnetisation}, expected {low}, {low + 2}, .. {high} of"
                f" {dim} spins, {len(self.held)} of them held: choose one of these"
            )


def at_power(denoiser: DiscreteDenoiser, power: float) -> Conditionals:
    """Log p(x_i = b | rest) of p(x)^power at t = 0: the conditionals to that power, normalised."""

    def conditionals(x: Tensor) -> Tensor:
        return (power * denoiser.data_log_probs(x)).log_softmax(-1)

    return conditionals


def exchange(
    conditionals: Conditionals,
    x: Tensor,
    sweeps: float,
    generator: torch.Generator,
    free: Tensor,
) -> Tensor:
    """Take one spin +1 away and put it where the law would have it; the sum stays as it is.

    With y the point without it, the new place j among the spins -1 of y has probability
    proportional to p(y with y_j = +1), the odds of site j given the others. The law of all spins
    given what is left of them is drawn exactly, so p(x | sum x) is invariant; one evaluation a
    move.

    Args:
        conditionals: log law of each spin given all others, -1 before +1.
        x: spins ``(n, d)``, all of one sum over the free sites.
        sweeps: moves for each free spin +1.
        generator: source of the noise.
        free: which sites may change, ``(d,)``.
    """
    up = int(((x[0] == 1) & free).sum())
    if up in (0, int(free.sum())):
        return x
    x, rows = x.clone(), torch.arange(len(x), device=x.device)
    for _ in range(round(sweeps * up)):
        taken = torch.multinomial(((x == 1) & free).float(), 1, generator=generator)[:, 0]
        x[rows, taken] = -1
        down, upwards = conditionals(x).unbind(-1)
        odds = (upwards - down).masked_fill((x == 1) | ~free, -math.inf).softmax(-1)
        x[rows, torch.multinomial(odds.float(), 1, generator=generator)[:, 0]] = 1
    return x


def _with_sum(x: Tensor, total: int, free: Tensor, generator: torch.Generator) -> Tensor:
    """Spins of which as few free ones as possible are flipped, at random, to have this sum."""
    excess = (x.sum(1) - total)[:, None] / 2
    order = torch.rand(x.shape, device=x.device, generator=generator)
    surplus = free & (x == excess.sign())
    rank = order.masked_fill(~surplus, 2.0).argsort(1).argsort(1)
    return torch.where(surplus & (rank < excess.abs()), -x, x)
