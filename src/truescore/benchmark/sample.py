"""Samplers beside others' on the same network and the same times, and to the same quality."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from truescore.benchmark import peers, quality, spins
from truescore.benchmark.paired import Contender, alternate
from truescore.benchmark.rows import Row, Target
from truescore.benchmark.settings import Settings
from truescore.benchmark.train_step import TrainStep
from truescore.benchmark.ways import BARE, PAIRS, Way, times_of
from truescore.randomness import keyed_generator

GROUP = "sample"
ratio = partial(Row.ratio, GROUP)
AS_FAST = Target(1.0)
# Sites of laws small enough for the exact score at every step, and to enumerate.
CHAIN, RING = 8, 6


def measure(settings: Settings) -> Iterator[Row]:
    """Time of equal steps, then evaluations to equal quality: of reals, then of spins."""
    # More rounds where a few hundredths decide.
    for pairs, target, rounds in ((BARE, None, 7), (PAIRS, AS_FAST, 15)):
        yield from speeds(settings, 32, 250, 32, rounds, pairs, target)
    yield from quality.measure(settings, CHAIN)
    yield from quality.gaussian(CHAIN)
    yield from spins.measure(settings, RING)


def speeds(
    settings: Settings,
    dim: int,
    n: int,
    steps: int,
    rounds: int,
    pairs: tuple[tuple[Way, Way], ...] = PAIRS,
    target: Target | None = AS_FAST,
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
            yield ratio(case, quantity, None, target, str(missing))
            continue
        measured = alternate(pair, rounds)
        note = f"{measured.rate(ours.name).median:,.0f} samples/s"
        yield ratio(case, quantity, measured.speed(ours.name, theirs.name), target, note)
