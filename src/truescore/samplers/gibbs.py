"""Moves that leave a law of discrete sites as it is, by its single-site conditionals alone."""

from collections.abc import Callable

import torch
from torch import Tensor

from truescore.denoisers import DiscreteDenoiser
from truescore.errors import UserError
from truescore.processes import DiscreteProcess
from truescore.samplers.base import Sampler
from truescore.samplers.discrete import AnalyticBridge, JumpEuler, JumpSampler, TauLeaping
from truescore.samplers.grids import Grid
from truescore.samplers.jumps import first_jump, log_law_of_leaving, redraw
from truescore.samplers.trapezoidal import AnalyticTrapezoidal, ThetaTrapezoidal

# Log law of each site given all others, ``(k, d) -> (k, d, m)``.
Conditionals = Callable[[Tensor], Tensor]

PREDICTORS = {
    "analytic": AnalyticBridge,
    "analytic_trapezoidal": AnalyticTrapezoidal,
    "euler": JumpEuler,
    "tau_leaping": TauLeaping,
    "theta_trapezoidal": ThetaTrapezoidal,
}


def heat_bath(
    conditionals: Conditionals,
    process: DiscreteProcess,
    x: Tensor,
    sweeps: float,
    generator: torch.Generator,
    free: Tensor | None = None,
) -> Tensor:
    """Redraw every site from its law given the others, at rate one and at random times.

    Only the redraws that change a site are simulated: site i goes to b != x_i at rate P(x_i = b |
    rest), the next of these events comes after an exponential time, and a point is left alone when
    its time is up. So no evaluation goes to a site that stays, every site is asked where it fits
    worst, and the law is invariant exactly, which it is not when sites that see each other are
    redrawn at once (``heat_bath_in_rounds``). Bortz, Kalos and Lebowitz 1975.

    Args:
        conditionals: log law of each site given all others.
        process: knows the symbols.
        x: points ``(n, d)``.
        sweeps: expected redraws of each site, >= 0.
        generator: source of the noise.
        free: which sites may change, ``(d,)``; all if left out.
    """
    x, left = x.clone(), torch.full((len(x),), float(sweeps), device=x.device)
    held = None if free is None else ~free.to(x.device)
    going = torch.arange(len(x), device=x.device) if sweeps > 0 else x.new_zeros(0).long()
    while len(going):
        now = x[going]
        rates = conditionals(now).exp().scatter(-1, process.index(now)[..., None], 0.0)
        if held is not None:
            rates = rates.masked_fill(held[:, None], 0.0)
        rates, m = rates.flatten(1).float(), rates.shape[-1]
        left[going] -= _waiting(rates.sum(1), generator)
        more = left[going] > 0
        going, rates = going[more], rates[more]
        if len(going):
            event = torch.multinomial(rates, 1, generator=generator)[:, 0]
            x[going, event // m] = process.symbols.to(x)[event % m]
    return x


def heat_bath_in_rounds(
    conditionals: Conditionals,
    process: DiscreteProcess,
    x: Tensor,
    sweeps: float,
    rounds: int,
    generator: torch.Generator,
) -> Tensor:
    """The moves of ``heat_bath`` with rates held for a round, in which many sites may move.

    In a round each site goes to b != x_i with the rate P(x_i = b | rest) that it had at its
    beginning, once at most. So sites are chosen by how badly they fit and redrawn together, as by
    the informed correctors of Zhao et al. 2024, arXiv 2407.21243, at one evaluation a round; the
    law is invariant to first order in sweeps / rounds.

    Args:
        conditionals: log law of each site given all others.
        process: knows the symbols.
        x: points ``(n, d)``.
        sweeps: expected redraws of each site, >= 0.
        rounds: number of rounds, at least 1.
        generator: source of the noise.
    """
    for _ in range(rounds):
        law = conditionals(x).exp()
        expected = law.scatter(-1, process.index(x)[..., None], 0.0) * (sweeps / rounds)
        x = redraw(process, log_law_of_leaving(process, first_jump(expected), x), x, generator)
    return x


def at_level(denoiser: DiscreteDenoiser, t: Tensor) -> Conditionals:
    """Log P(x_t^i = b | x_t without x_t^i), for one time ``()`` of all points."""

    def conditionals(x: Tensor) -> Tensor:
        times = t.expand(len(x))
        clean = denoiser.hidden_log_probs(x, times)
        return denoiser.process.log_forward(clean, times).log_softmax(-1)

    return conditionals


class Gibbs(Sampler):
    """Heat-bath moves at t = 0 alone, from independent sites of uniform law; no noise at all.

    The law goes to the denoiser's own as ``steps`` grows, as fast as single sites forget: below a
    transition never. For models of the data's conditionals, which say nothing of noisy points.

    Args:
        steps: expected redraws of each site, at least 1.
    """

    state_space = "discrete"

    def __init__(self, steps: int = 50) -> None:
        super().__init__(steps, "uniform")
        if steps < 1:
            raise UserError(f"got sampler.steps={steps}, expected at least 1: raise it")

    @property
    def evaluations(self) -> None:
        """One for each event."""
        return None

    def times(self, denoiser: DiscreteDenoiser) -> Tensor:
        """One step, at t = 0."""
        return torch.zeros(2, dtype=torch.float64)

    def start(
        self, denoiser: DiscreteDenoiser, n: int, dim: int, generator: torch.Generator
    ) -> Tensor:
        """Independent sites ``(n, dim)``, uniform over the states that data have."""
        process = denoiser.process
        index = torch.randint(
            process.n_states, (n, dim), generator=generator, device=generator.device
        )
        return process.value(index)

    def step(
        self,
        denoiser: DiscreteDenoiser,
        x_t: Tensor,
        t: Tensor,
        s: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """All the moves; the times play no part."""
        return heat_bath(denoiser.data_log_probs, denoiser.process, x_t, self.steps, generator)


class GibbsCorrected(JumpSampler):
    """A predictor's steps, each followed by heat-bath moves that bring its law back to p_s.

    One by one (see ``heat_bath``) the moves leave p_s as it is, whatever their number: for an exact
    score they cure what the predictor's step missed, and cannot harm. In rounds (see
    ``heat_bath_in_rounds``) they cost as many evaluations as there are rounds, and have an error of
    first order of their own. None follow the last step.

    Args:
        steps: number of steps, the last of them from t_min to 0.
        grid: spacing of the times; see ``time_grid``.
        predictor: ``analytic``, ``analytic_trapezoidal``, ``euler``, ``tau_leaping`` or
            ``theta_trapezoidal``.
        sweeps: expected redraws of each site after each step, > 0.
        rounds: rounds in which sites move together, at least 1; ``None`` for one by one.
    """

    def __init__(
        self,
        steps: int = 16,
        grid: Grid = "quadratic",
        predictor: str = "analytic",
        sweeps: float = 0.5,
        rounds: int | None = None,
    ) -> None:
        super().__init__(steps, grid)
        if predictor not in PREDICTORS:
            raise UserError(
                f"got sampler.predictor={predictor!r}, expected {' or '.join(PREDICTORS)}"
            )
        if not sweeps > 0:
            raise UserError(
                f"got sampler.sweeps={sweeps}, expected > 0: for none choose the predictor itself"
            )
        if rounds is not None and rounds < 1:
            raise UserError(
                f"got sampler.rounds={rounds}, expected at least 1, or null for moves one by one"
            )
        self.predictor = PREDICTORS[predictor](steps, grid)
        self.sweeps, self.rounds = sweeps, rounds

    @property
    def evaluations(self) -> int | None:
        """The predictor's and the rounds'; one by one, a move and point is one more."""
        predicted = self.predictor.evaluations
        if self.rounds is None or predicted is None:
            return None
        return predicted + (self.steps - 1) * self.rounds

    def step(
        self,
        denoiser: DiscreteDenoiser,
        x_t: Tensor,
        t: Tensor,
        s: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Predict x_s, then correct it at s; see ``Sampler.step``."""
        x = self.predictor.step(denoiser, x_t, t, s, generator)
        if not s.any():
            return x
        level, process = at_level(denoiser, s[0]), denoiser.process
        if self.rounds is None:
            return heat_bath(level, process, x, self.sweeps, generator)
        return heat_bath_in_rounds(level, process, x, self.sweeps, self.rounds, generator)


def _waiting(rate: Tensor, generator: torch.Generator) -> Tensor:
    """Exponential times of mean 1/rate; infinite where nothing can happen."""
    uniform = torch.rand(rate.shape, device=rate.device, generator=generator)
    return -torch.log1p(-uniform) / rate
