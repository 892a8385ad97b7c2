"""Fewest evaluations of the exact score to a stated quality: half the floor of 10,000 samples."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from truescore.benchmark import peers
from truescore.benchmark.paired import Contender, alternate
from truescore.benchmark.rows import Row, Spread, Target
from truescore.benchmark.settings import Settings
from truescore.benchmark.train_step import TrainStep
from truescore.benchmark.ways import OTHERS, OURS, own, times_of
from truescore.build import build_process, build_target
from truescore.composition import composed
from truescore.denoisers import RealOracle
from truescore.errors import UserError
from truescore.processes import VariancePreserving
from truescore.randomness import keyed_generator
from truescore.samplers import (
    DDIM,
    EDM,
    AdamsBashforth,
    Adaptive,
    Ancestral,
    DPMSolver2M,
    DPMSolver2MSDE,
    EulerMaruyama,
    GaussianBridge,
    Grid,
    Heun,
    ReverseDiffusion,
)
from truescore.samplers.gaussian_law import sampler_moments
from truescore.targets import GaussianMixture
from truescore.targets import Target as Law

GROUP = "sample"
ratio = partial(Row.ratio, GROUP)
HALF = Target(2.0)
# Steps that are tried; the floor of so many perfect samples; the part of it to be reached.
STEPS, N_FLOOR, PART = (4, 6, 8, 12, 16, 24, 32, 64), 10_000, 0.5
REFERENCE_STEPS = 64
ADAPTIVE = "Adaptive: evaluations to half the floor"
TORCHCFM = "it brings torchdyn and with it a notebook server, for a loss that is ours too"
TOLERANCES = (1e-1, 1e-2, 1e-3, 1e-4)
# Of the law that is Gaussian; on it those in whitened modes or with bridges of their own are exact.
MORE_STEPS = (2, *STEPS, 128, 256, 512, 1024)
KINDS = (
    Heun, AdamsBashforth, GaussianBridge, DPMSolver2M, EDM, DPMSolver2MSDE, DDIM, Ancestral,
    ReverseDiffusion, EulerMaruyama,
)  # fmt: skip


def allowed(law: Law) -> float:
    """Covariance error, Frobenius, of half the floor of `N_FLOOR` perfect samples."""
    variances = {o.name: o.variance for o in law.observables()}
    return PART * ((variances["cov_frobenius"] or 0.0) / N_FLOOR) ** 0.5


def measure(settings: Settings, dim: int, n: int = 300, rounds: int = 3) -> Iterator[Row]:
    """Fewest evaluations of the exact score to a stated quality, and samples a second with them.

    All start from the same points, and end where fine steps would have taken them but for their
    own error: the Frobenius norm of what that adds to the covariance is to stay below half the
    floor of ``N_FLOOR`` perfect samples. The rate is that of the experiment's network.
    """
    config = composed([f"+experiment=gl_d{dim}"])
    target = build_target(config)
    process: Any = build_process(config, dim)
    exact = Counted(target, process)
    x = exact.sample_prior(n, dim, keyed_generator(settings.seed, "quality"))
    enough_is = allowed(target)
    times = partial(times_of, exact)
    reference = second_moments(own(Heun)()(exact, x, times("spectral", REFERENCE_STEPS)))

    def enough(path: peers.Path, grid: Grid) -> int | None:
        for steps in STEPS:
            moments = second_moments(path(exact, x, times(grid, steps)))
            if float((moments - reference).norm()) < enough_is:
                return steps
        return None

    def adaptive() -> Row:
        for tolerance in TOLERANCES:
            exact.calls = 0
            sampler = Adaptive(tolerance=tolerance)
            end = sampler.path(exact, x, times("log_snr", 1), torch.Generator())
            if float((second_moments(end) - reference).norm()) < enough_is:
                note = f"tolerance {tolerance:g}, by torchdiffeq"
                return Row(GROUP, case, ADAPTIVE, "", Spread.of([exact.calls]), None, note)
        return Row.absent(GROUP, case, ADAPTIVE, f"not reached at {TOLERANCES[-1]:g}")

    step = TrainStep(f"gl_d{dim}", None, dim, n, settings)
    network: Any = step.denoiser.eval()
    start = x.to(settings.device)
    case, contenders, needed = f"chain, d = {dim}", [], {}
    for way in (*OURS, *OTHERS):
        quantity = f"{way.name}, {way.grid} times: evaluations to half the floor"
        try:
            path = way.path()
        except peers.Missing as missing:
            yield Row(GROUP, case, quantity, "", None, None, str(missing))
            continue
        steps = enough(path, way.grid)
        if steps is None:
            note = f"not reached in {STEPS[-1]} steps"
            yield Row(GROUP, case, quantity, "", None, None, note)
            continue
        needed[way.name] = way.evaluations * steps
        yield Row(GROUP, case, quantity, "", Spread.of([needed[way.name]]))
        grid = times(way.grid, steps).to(settings.device)
        contenders.append(Contender(way.name, partial(path, network, start, grid), n))
    try:
        yield adaptive()
    except UserError as error:  # torchdiffeq is not installed
        yield Row.absent(GROUP, case, ADAPTIVE, str(error))
    yield Row.absent(GROUP, case, "torchcfm", TORCHCFM)
    measured = alternate(contenders, rounds)
    ours = min((way.name for way in OURS if way.name in needed), key=lambda name: needed[name])
    for way in OTHERS:
        if way.name in needed:
            spread = Spread.of([needed[way.name] / needed[ours]])
            quantity = f"evaluations of {way.name} beside {ours}'s"
            yield ratio(case, quantity, spread, HALF)
            speed = measured.speed(ours, way.name)
            yield ratio(case, f"samples/s to that quality, {ours} against {way.name}", speed, None,
                        f"{measured.rate(ours).median:,.0f} samples/s")  # fmt: skip


def gaussian(dim: int, kinds: tuple[Any, ...] = KINDS) -> Iterator[Row]:
    """Every sampler of reals, those with noise among them, on a Gaussian law, with no sampling.

    Its covariance is the chain's; a sampler's law there is found exactly, see
    ``samplers/gaussian_law.py``.
    """
    chain = build_target(composed([f"+experiment=gl_d{dim}"]))
    zero, one = torch.zeros(1, dim), torch.ones(1)
    law = GaussianMixture(one, zero, chain.covariance()[None])
    exact, enough = RealOracle(law, VariancePreserving()), allowed(law)
    case = f"Gaussian of the chain's covariance, d = {dim}"
    for kind in kinds:
        quantity = f"{kind.__name__}: evaluations to half the floor"
        for steps in MORE_STEPS:
            sampler = kind(steps)
            covariance = sampler_moments(sampler, exact)[1]
            if float((covariance - law.covariance()).norm()) < enough:
                note = f"{steps} steps, {sampler.grid} times"
                yield Row(GROUP, case, quantity, "", Spread.of([sampler.evaluations]), None, note)
                break
        else:
            yield Row.absent(GROUP, case, quantity, f"not reached in {MORE_STEPS[-1]} steps")


class Counted(RealOracle):
    """The exact denoiser, which counts how often it is asked."""

    calls = 0

    def posterior_mean(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Exact E[x_0 | x_t], ``(n, d)``."""
        self.calls += 1
        return super().posterior_mean(x_t, t)


def second_moments(x: Tensor) -> Tensor:
    """Average of x x', ``(d, d)``, float64."""
    x = x.double()
    return x.mT @ x / len(x)
