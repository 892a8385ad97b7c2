"""Samplers beside others' on the same network and the same times, and to the same quality."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from truescore.benchmark import bare, peers
from truescore.benchmark.paired import Contender, alternate
from truescore.benchmark.rows import Row, Spread, Target
from truescore.benchmark.settings import Settings
from truescore.benchmark.train_step import TrainStep
from truescore.build import build_process, build_target
from truescore.composition import composed
from truescore.denoisers import RealDenoiser, oracle
from truescore.randomness import keyed_generator
from truescore.samplers import DDIM, AdamsBashforth, DPMSolver2M, Grid, Heun, Sampler, time_grid

GROUP = "sample"
ratio = partial(Row.ratio, GROUP)
AS_FAST, HALF = Target(1.0), Target(2.0)
# Steps that are tried; the floor of so many perfect samples; the part of it to be reached.
STEPS, N_FLOOR, PART = (4, 6, 8, 12, 16, 24, 32, 64), 10_000, 0.5
REFERENCE_STEPS = 64


@dataclass(frozen=True)
class Way:
    """One sampler on a grid of times.

    Attributes:
        name: of the sampler.
        grid: of times.
        path: moves points; made when it is needed, as its library may be missing.
        evaluations: of the denoiser in one step.
    """

    name: str
    grid: Grid
    path: Callable[[], peers.Path]
    evaluations: int = 1


def own(sampler: type[Sampler]) -> Callable[[], peers.Path]:
    """A sampler of ours, without its last step to t = 0, which others' lack."""

    def path(denoiser: RealDenoiser, x: Tensor, times: Tensor) -> Tensor:
        generator = torch.Generator(x.device)
        with torch.inference_mode():
            return sampler(steps=len(times), grid="log_snr").path(denoiser, x, times, generator)  # type: ignore[call-arg]

    return lambda: path


OURS_DDIM = Way("DDIM", "log_snr", own(DDIM))
OURS_HEUN = Way("Heun", "spectral", own(Heun), 2)
OURS_DPM = Way("DPMSolver2M", "log_snr", own(DPMSolver2M))
OURS_AB = Way("AdamsBashforth", "spectral", own(AdamsBashforth))
AZULA_DDIM = Way("azula's DDIM", "uniform", partial(peers.azula, "DDIMSampler"))
AZULA_HEUN = Way("azula's Heun", "uniform", partial(peers.azula, "HeunSampler"), 2)
AZULA_ZAB = Way("azula's zAB", "uniform", partial(peers.azula, "zABSampler"))
DIFFUSERS = Way("diffusers' DPM-Solver++", "log_snr", peers.diffusers)
FLOW_MATCHING = Way("flow_matching's Heun", "log_snr", peers.flow_matching, 2)
BARE_DDIM = Way("a bare loop", "log_snr", lambda: bare.ddim)
BARE_HEUN = Way("a bare loop of Heun's rule", "log_snr", lambda: bare.heun, 2)
# Peers that need no library.
BARE = ((OURS_DDIM, BARE_DDIM), (OURS_HEUN, BARE_HEUN))
# The same rule, ours and another's; ours in whitened modes are held beside the others' plain ones.
PAIRS = (
    (OURS_DDIM, AZULA_DDIM),
    (OURS_DPM, DIFFUSERS),
    (OURS_HEUN, AZULA_HEUN),
    (OURS_HEUN, FLOW_MATCHING),
    (OURS_AB, AZULA_ZAB),
)
OURS = (OURS_HEUN, OURS_AB, OURS_DPM, OURS_DDIM)
OTHERS = (AZULA_DDIM, AZULA_HEUN, AZULA_ZAB, DIFFUSERS, FLOW_MATCHING)


def measure(
    settings: Settings,
    dims: tuple[int, ...] = (32,),
    n: int = 250,
    steps: int = 32,
    rounds: int = 7,
    quality_dim: int = 8,
    n_quality: int = 300,
) -> Iterator[Row]:
    """Time of equal steps, then steps to equal quality."""
    for dim in dims:
        yield from speeds(settings, dim, n, steps, rounds, (*BARE, *PAIRS))
    yield from qualities(settings, quality_dim, n_quality)


def speeds(
    settings: Settings,
    dim: int,
    n: int,
    steps: int,
    rounds: int,
    pairs: tuple[tuple[Way, Way], ...] = PAIRS,
) -> Iterator[Row]:
    """Ours and others' rule on one untrained network and one grid of times."""
    denoiser: Any = TrainStep("gl_d32", None, dim, n, settings).denoiser.eval()
    times = times_of(denoiser, "log_snr", steps).to(settings.device)
    x = torch.randn(n, dim, generator=keyed_generator(settings.seed, "start")).to(settings.device)
    for ours, theirs in pairs:
        case, quantity = (
            f"chain_net, d = {dim}, {steps} steps",
            f"{ours.name} against {theirs.name}",
        )
        try:
            pair = [Contender(w.name, partial(w.path(), denoiser, x, times), n)
                    for w in (ours, theirs)]  # fmt: skip
        except peers.Missing as missing:
            yield ratio(case, quantity, None, AS_FAST, str(missing))
            continue
        measured = alternate(pair, rounds)
        note = f"{measured.rate(ours.name).median:,.0f} samples/s"
        yield ratio(case, quantity, measured.speed(ours.name, theirs.name), AS_FAST, note)


def qualities(settings: Settings, dim: int, n: int, rounds: int = 3) -> Iterator[Row]:
    """Fewest evaluations of the exact score to a stated quality, and samples a second with them.

    All start from the same points, and end where fine steps would have taken them but for their
    own error: the Frobenius norm of what that adds to the covariance is to stay below half the
    floor of ``N_FLOOR`` perfect samples. The rate is that of the experiment's network.
    """
    config = composed([f"+experiment=gl_d{dim}"])
    target = build_target(config)
    process = build_process(config, dim)
    exact: Any = oracle(target, process)
    x = exact.sample_prior(n, dim, keyed_generator(settings.seed, "quality"))
    variances = {o.name: o.variance for o in target.observables()}
    allowed = PART * ((variances["cov_frobenius"] or 0.0) / N_FLOOR) ** 0.5
    times = partial(times_of, exact)
    reference = second_moments(own(Heun)()(exact, x, times("spectral", REFERENCE_STEPS)))

    def enough(path: peers.Path, grid: Grid) -> int | None:
        for steps in STEPS:
            moments = second_moments(path(exact, x, times(grid, steps)))
            if float((moments - reference).norm()) < allowed:
                return steps
        return None

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


def times_of(denoiser: RealDenoiser, grid: Grid, steps: int) -> Tensor:
    """``steps + 1`` times from T to t_min, float32."""
    return time_grid(denoiser.process, steps + 1, grid, denoiser.spectrum)[:-1].float()


def second_moments(x: Tensor) -> Tensor:
    """Average of x x', ``(d, d)``, float64."""
    x = x.double()
    return x.mT @ x / len(x)
