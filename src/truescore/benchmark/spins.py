"""Samplers of spins to a stated quality: their laws by enumeration, with no noise at all.

No library among the peers samples spins, so these stand beside each other. On a small ring a step
is a matrix between all states, and a sampler's law their product with the law at t = T.
"""

import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from truescore.benchmark.paired import Contender, alternate
from truescore.benchmark.quality import allowed
from truescore.benchmark.rows import Row, Spread
from truescore.benchmark.settings import Settings
from truescore.benchmark.train_step import RING, TrainStep
from truescore.denoisers import DiscreteDenoiser, SpinOracle
from truescore.processes import SpinFlip
from truescore.randomness import keyed_generator
from truescore.samplers import (
    AnalyticBridge,
    AnalyticTrapezoidal,
    ColouredBridge,
    GibbsCorrected,
    JumpEuler,
    Sampler,
    TauLeaping,
    ThetaTrapezoidal,
)
from truescore.samplers.discrete import DiscreteSampler
from truescore.samplers.gibbs import at_level
from truescore.targets import IsingRing

GROUP = "sample"
STEPS = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
KINDS = (
    AnalyticTrapezoidal,
    ThetaTrapezoidal,
    AnalyticBridge,
    partial(ColouredBridge, colours=2),
    GibbsCorrected,
    TauLeaping,
    JumpEuler,
)
EXACT = "its law is exact at any grid, and how often it asks is random"
ONE_BY_ONE = "of masks: one site a step is exact, fewer steps are another process"
NO_PEER = "azula, diffusers and flow_matching have no sampler of jumps on given rates"


def measure(
    settings: Settings, dim: int, n: int = 250, kinds: tuple[Any, ...] = KINDS
) -> Iterator[Row]:
    """Fewest evaluations of the exact score, and samples a second with the ring of 64's network.

    Args:
        settings: device and seed.
        dim: sites of the ring, few: there are 2^(2 dim) pairs of states.
        n: samples of a timed call.
        kinds: makers of samplers by their number of steps.
    """
    exact = SpinOracle(IsingRing(dim), SpinFlip(dim))
    case, contenders = f"ring, d = {dim}, law enumerated", []
    network: Any = TrainStep(RING, None, 64, n, settings).denoiser.eval()
    generator = keyed_generator(settings.seed, "spins", device=settings.device)
    for kind in kinds:
        sampler, evaluations = fewest(kind, exact)
        name = type(sampler).__name__
        quantity = f"{name}: evaluations to half the floor"
        if evaluations is None:
            note = f"not reached in {STEPS[-1]} steps"
            yield Row.absent(GROUP, case, quantity, note)
            continue
        note = f"{sampler.steps} steps, {sampler.grid} times"
        yield Row(GROUP, case, quantity, "", Spread.of([evaluations]), None, note)
        if not isinstance(sampler, ColouredBridge):  # asks for a network with a time a site
            draw = partial(sampler.sample, network, n, 64, generator, n)
            contenders.append(Contender(name, draw, n))
    times = alternate(contenders, 1)
    for contender in contenders:
        rate = times.rate(contender.name)
        yield Row(GROUP, "ring, d = 64", f"{contender.name}, as many steps", "samples/s", rate)
    yield Row.absent(GROUP, case, "Uniformization", EXACT)
    yield Row.absent(GROUP, case, "Unmasking", ONE_BY_ONE)
    yield Row.absent(GROUP, case, "others' samplers of spins", NO_PEER)


def fewest(kind: Any, denoiser: SpinOracle) -> tuple[Sampler, float | None]:
    """The first of `STEPS` whose covariance is near enough; its expected evaluations a sample."""
    sampler, enough = kind(STEPS[0]), allowed(denoiser.target)
    for steps in STEPS:
        sampler = kind(steps)
        law, events = law_after(sampler, denoiser)
        if covariance_error(law, denoiser.target) < enough:
            if isinstance(sampler, GibbsCorrected):
                return sampler, float(sampler.predictor.evaluations or 0) + events
            return sampler, float(sampler.evaluations or 0)
    return sampler, None


def law_after(sampler: Sampler, denoiser: SpinOracle) -> tuple[Tensor, float]:
    """Law of all states at t = 0 from the exact one at t = T; expected heat-bath evaluations."""
    states = all_states(denoiser.target.dim)
    times = sampler.times(denoiser)
    law, events = denoiser.log_prob(states, times[0].expand(len(states))).exp(), 0.0
    corrected = isinstance(sampler, GibbsCorrected)
    mover = sampler.predictor if corrected else sampler
    for t, s in itertools.pairwise(times):
        law = _moved(law, mover, denoiser, states, t, s)
        if corrected and s > 0:
            rates = heat_bath_rates(denoiser, states, s)
            # One evaluation an event, and one to see that time is up.
            events += 1 - sampler.sweeps * float(law @ rates.diagonal())
            law = law @ torch.linalg.matrix_exp(sampler.sweeps * rates)
    return law, events


def covariance_error(law: Tensor, ring: Any) -> float:
    """Frobenius distance of a law of all states from the ring's covariance."""
    states = all_states(ring.dim)
    mean = law @ states
    covariance = states.mT @ (law[:, None] * states) - mean.outer(mean)
    return float((covariance - ring.covariance()).norm())


def all_states(dim: int) -> Tensor:
    """Every configuration of spins, ``(2^d, d)`` float64."""
    return torch.tensor(list(itertools.product((-1.0, 1.0), repeat=dim)), dtype=torch.float64)


def heat_bath_rates(denoiser: DiscreteDenoiser, states: Tensor, t: Tensor) -> Tensor:
    """Generator of single-site heat bath at noise level t, ``(N, N)``."""
    law, index = at_level(denoiser, t)(states).exp(), denoiser.process.index(states)
    rates = torch.zeros(len(states), len(states), dtype=torch.float64)
    row, dim = torch.arange(len(states)), states.shape[1]
    for i in range(dim):
        rates[row, row ^ (1 << (dim - 1 - i))] = law[row, i, 1 - index[:, i]]
    return rates - torch.diag(rates.sum(1))


def _moved(
    law: Tensor, sampler: Any, denoiser: SpinOracle, states: Tensor, t: Tensor, s: Tensor
) -> Tensor:
    """The law after a step from t to s."""
    n, process = len(states), denoiser.process
    if isinstance(sampler, DiscreteSampler):
        for before, after in sampler.moves(torch.stack([t, s]), states.shape[1]):
            before, after = before.expand(n, *before.shape), after.expand(n, *after.shape)
            sites = sampler.log_transition(denoiser, states, before, after)
            law = law @ _kernel(process, sites, states)
        return law
    if not s > 0:
        return _moved(law, AnalyticBridge(), denoiser, states, t, s)
    now, m, then = t.expand(n), (t - sampler.theta * (t - s)).expand(n), s.expand(n)
    clean = denoiser.clean_log_probs(states, now)
    first = _kernel(process, sampler.first_stage(process, clean, states, now, m), states)
    # All pairs of where a point was at t and where it is at m.
    was, here = (pair.flatten() for pair in torch.meshgrid(*[torch.arange(n)] * 2, indexing="ij"))
    middle = denoiser.clean_log_probs(states, m)
    second = sampler.second_stage(
        process, clean[was], middle[here], states[was], states[here],
        *(time[:1].expand(n * n) for time in (now, m, then)),
    )  # fmt: skip
    weights = (law[:, None] * first).flatten()
    return weights @ _kernel(process, second, states)


def _kernel(process: Any, sites: Tensor, states: Tensor) -> Tensor:
    """P(state | row) of sites drawn apart from log laws ``(rows, d, 2)``, ``(rows, N)``."""
    law, index = sites.exp(), process.index(states)
    kernel = torch.ones(len(law), len(states), dtype=law.dtype)
    for i in range(states.shape[1]):
        kernel *= law[:, i, index[:, i]]
    return kernel
