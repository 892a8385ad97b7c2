"""A certified bound on KL(data || generated) of samplers whose steps are known laws."""

from dataclasses import dataclass

import torch
from torch import Tensor

from truescore.denoisers import DiscreteDenoiser, RealOracle, oracle
from truescore.denoisers.oracle import SiteOracle
from truescore.errors import UserError
from truescore.processes import DiscreteProcess
from truescore.processes.discrete import by_site
from truescore.samplers import Sampler
from truescore.samplers.discrete import DiscreteSampler
from truescore.samplers.jumps import bridge, redraw
from truescore.targets import Target

CHUNK = 500
NORMAL_QUANTILE = 1.96


@dataclass(frozen=True)
class PathBound:
    """An upper bound on KL(p_0 || generated) in nats, discretisation included.

    Attributes:
        draws: of the bound, one for each path, ``(n,)``; their mean is the bound.
        prior: mean of log q(x_T | x_0)/prior(x_T).
        steps: mean of log q(x_s | x_t, x_0)/p(x_s | x_t) of each move, ``(k,)``: of KL(q || p), and
            for the last one of the cross-entropy -log p(x_0 | x_t).
    """

    draws: Tensor
    prior: float
    steps: Tensor

    @property
    def value(self) -> float:
        """The bound; infinite if a step gives no chance to what happens."""
        return float(self.draws.mean())

    @property
    def standard_error(self) -> float:
        """Of ``value``."""
        return float(self.draws.std()) / len(self.draws) ** 0.5

    @property
    def interval(self) -> tuple[float, float]:
        """95%, of the bound's expectation."""
        half = NORMAL_QUANTILE * self.standard_error
        return self.value - half, self.value + half

    def moment_bar(self, variance: float) -> float:
        """How far off E[f] may be for a statistic f of variance v: sqrt(2 v KL), to first order.

        KL is the upper end of the interval. For a law q = p (1 + e h) close to p, KL = e^2 E[h^2]/2
        + O(e^3), and |E_q f - E_p f| = e |E[f h]| is within the bar by Cauchy and Schwarz; for f of
        several components, v is the sum of their variances and the bar one of the Euclidean norm.
        Beyond first order it holds for f that are sub-Gaussian of variance proxy v under the
        generated law (Donsker and Varadhan); so it says something while the bound is below about
        one nat.
        """
        return (2 * variance * max(self.interval[1], 0.0)) ** 0.5


@dataclass(frozen=True)
class BoundParts:
    """Where a bound comes from; the three add up to it.

    Attributes:
        prior_mismatch: KL(p_T || prior), that samplers start from another law than p_T.
        discretisation: what the same steps cost with the exact score, less the above.
        learning: what the learned score costs above the exact one, at the same points.
    """

    prior_mismatch: float
    discretisation: float
    learning: float


def path_bound(
    sampler: Sampler,
    denoiser: DiscreteDenoiser,
    target: Target,
    n: int,
    generator: torch.Generator,
) -> PathBound:
    """Bound KL(p_0 || generated) by the relative entropy of whole paths.

    KL(p_0 || generated) <= E[ log p_0(x_0) + log q(x_T | x_0)/prior(x_T)
                               + sum_moves sum_i log q(x_s^i | x_t^i, x_0^i)/p(x_s^i | x_t) ],

    x_0 from the law, x_T .. x_0 a path of the forward process, drawn backwards by its bridges, p
    the sampler's own step. What stands in the brackets is the log-ratio of the path's two laws:
    all of its scatter vanishes with the bound. Steps that move all sites at once cannot make that
    tight: their paths' relative entropy falls like 1/steps, that of their ends like its square.

    Args:
        sampler: its steps draw each site from a law of its own.
        denoiser: learned or exact.
        target: the law, whose density is known.
        n: exact samples, at least 2.
        generator: of the samples and of the noise.

    Raises:
        UserError: the sampler's steps have no law that can be written down.
    """
    if not isinstance(sampler, DiscreteSampler):
        raise UserError(
            f"got {type(sampler).__name__}, the law of whose steps has no closed form, expected"
            " one that draws each site from its own law: use sampler=analytic"
        )
    if n < 2:
        raise UserError(f"got n={n} samples, expected at least 2: raise it")
    blocks = [
        _block(sampler, denoiser, target.sample(min(CHUNK, n - start), generator), generator)
        for start in range(0, n, CHUNK)
    ]
    x_0, prior, steps = (torch.cat(parts) for parts in zip(*blocks, strict=True))
    draws = target.log_prob(x_0) + prior + steps.sum(1)
    return PathBound(draws, float(prior.mean()), steps.mean(0))


def bound_parts(
    sampler: Sampler,
    denoiser: DiscreteDenoiser,
    target: Target,
    n: int,
    seed: int,
    n_exact: int | None = None,
) -> tuple[PathBound, BoundParts]:
    """A bound and its parts, from the same samples and noise with the learned and the exact score.

    Args:
        sampler: as in `path_bound`.
        denoiser: learned.
        target: the law.
        n: exact samples.
        seed: of the samples and the noise.
        n_exact: samples for which the exact score is asked too, all n if left out; the learning's
            part, a difference at the same points, needs few.
    """
    exact = oracle(target, denoiser.process)
    if isinstance(exact, RealOracle):
        raise UserError("got a law of reals, expected spins or states: see log_likelihood")

    def bound(of: DiscreteDenoiser, samples: int) -> PathBound:
        return path_bound(sampler, of, target, samples, torch.Generator().manual_seed(seed))

    whole = bound(denoiser, n)
    learned = whole if n_exact in (None, n) else bound(denoiser, n_exact)
    learning = float((learned.draws - bound(exact, len(learned.draws)).draws).mean())
    generator = torch.Generator().manual_seed(seed)
    mismatch = _prior_mismatch(exact, target.sample(n, generator), generator)
    return whole, BoundParts(mismatch, whole.value - mismatch - learning, learning)


@torch.inference_mode()
def _block(
    sampler: DiscreteSampler, denoiser: DiscreteDenoiser, x_0: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Samples, and along a path from each the log-ratio of priors ``(n,)`` and moves ``(n, k)``."""
    process, n = denoiser.process, len(x_0)
    times = sampler.times(denoiser).float()
    masked = process.masks
    clean = _certain(process, x_0)
    if masked:
        # A forward process that ends by masking all: the sampler starts in its very law.
        x_t, prior = process.sample_prior(n, x_0.shape[1], generator), torch.zeros(n)
    else:
        noised = process.log_forward(clean, times[0].expand(n))
        x_t = redraw(process, noised, x_0, generator)
        prior = _log_ratio(
            process, noised, process.prior().log().to(noised).expand(noised.shape), x_t
        )
    moves = []
    for t, s in sampler.moves(times, x_0.shape[1]):
        t, s = t.expand(n, *t.shape), s.expand(n, *s.shape)
        passed = bridge(process, clean, x_t, t, s)
        if masked:
            leaves = ((by_site(t) == times[0]) & (by_site(s) < times[0]))[..., None]
            passed = torch.where(leaves, process.log_forward(clean, s), passed)
        step = sampler.log_transition(denoiser, x_t, t, s)
        # What a step gives no chance to costs infinitely much, drawn or not.
        possible = ((passed == -torch.inf) | (step > -torch.inf)).all(-1).all(-1)
        x_t = redraw(process, passed, x_t, generator)
        moves.append(_log_ratio(process, passed, step, x_t).where(possible, torch.inf))
    return x_0, prior.double(), torch.stack(moves, 1)


def _certain(process: DiscreteProcess, x_0: Tensor) -> Tensor:
    """Log law of sites that are what they are, ``(n, d, q)``."""
    return torch.nn.functional.one_hot(process.index(x_0), process.n_states).float().log()


def _log_ratio(process: DiscreteProcess, log_q: Tensor, log_p: Tensor, x: Tensor) -> Tensor:
    """sum_i log q_i(x_i)/p_i(x_i), ``(n,)`` float64."""
    index = process.index(x)[..., None]
    log_q, log_p = (each.double().gather(-1, index)[..., 0] for each in (log_q, log_p))
    # Rounding may draw a symbol that has no chance.
    return torch.where(log_q > -torch.inf, log_q - log_p, 0.0).sum(-1)


def _prior_mismatch(exact: SiteOracle, x_0: Tensor, generator: torch.Generator) -> float:
    process = exact.process
    if process.masks:
        return 0.0
    t = torch.full((len(x_0),), process.horizon, dtype=torch.float64)
    x_t = process.perturb(x_0, t.float(), generator)
    log_prior = process.prior().log()[process.index(x_t)].sum(-1)
    return float((exact.log_prob(x_t, t) - log_prior).mean())
