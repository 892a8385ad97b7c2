"""A cut of the other groups in two minutes, held to loose bounds of ratios, for a busy machine.

A bound is about half of what quiet cores show, so that what became twice as slow is seen.
"""

from collections.abc import Iterator
from dataclasses import replace

from truescore.benchmark import loops, oracle, sample, simulate, startup, train_step
from truescore.benchmark.rows import Row, Target
from truescore.benchmark.settings import QUICK, Settings

GLAUBER, NUMPY, EXACT, DOCUMENT = Target(1000), Target(25), Target(5), Target(5)
PER_SITE, LIGHTNING = Target(1.8, at_least=False), Target(1.8, at_least=False)
SAMPLER = Target(0.6)


def measure(settings: Settings) -> Iterator[Row]:
    """Ratios with bounds, and startup's seconds without: a busy machine has none to keep to."""
    for row in simulate.glauber(settings, 64, chains=256, sweeps=10, rounds=5):
        if row.quantity == f"{simulate.NUMBA} against {simulate.DOCUMENT}":
            yield held(row, GLAUBER)
        if row.quantity == f"{simulate.NUMBA} against {simulate.NUMPY}":
            yield held(row, NUMPY)
    yield held(simulate.exact_samples(settings, 64, chains=256, rounds=5, n=5000), EXACT)
    yield held(train_step.against_document(settings, 64, 128, None), DOCUMENT)
    for row in train_step.per_site(settings, dims=(64, 512), sites=2**14, rounds=5):
        yield held(row, PER_SITE)
    yield held(loops.lightning(settings, steps=60, rounds=3), LIGHTNING)
    dims = (64, 512)
    times = oracle.answers(settings, "ising_d64", "ring", {(d, 0.5): 200 for d in dims}, 3)
    for row in oracle.rates("ring", times, [(d, 0.5) for d in dims]):
        if row.target is not None:
            yield held(row, row.target)
    for row in sample.speeds(settings, 16, n=100, steps=12, rounds=3):
        yield held(row, SAMPLER)
    for row in startup.measure(settings, runs=1, first=False):
        yield held(row, None)


def held(row: Row, bound: Target | None) -> Row:
    """The row as one of this group's, held to another bound."""
    return replace(row, group=QUICK, case=f"{row.group}, {row.case}", target=bound)
