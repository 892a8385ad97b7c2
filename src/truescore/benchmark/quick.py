"""A cut of the other groups in a minute and a half, held to bounds that twice as slow breaks.

A bound is 0.6 of a ratio that was measured, or that over 0.6 where less is better: what became
twice as slow falls below; what other work on the machine does to a ratio of processor times, a
tenth or two, stays above. Every peer is at hand without a further library.
"""

from collections.abc import Iterator
from dataclasses import replace

from truescore.benchmark import loops, oracle, sample, simulate, startup, train_step, ways
from truescore.benchmark.rows import Row, Target
from truescore.benchmark.settings import QUICK, Settings

MARGIN = 0.6


def fast(measured: float) -> Target:
    """At least 0.6 of a ratio, to three figures."""
    return Target(float(f"{MARGIN * measured:.3g}"))


def cheap(measured: float) -> Target:
    """At most a ratio over 0.6, to three figures."""
    return Target(float(f"{measured / MARGIN:.3g}"), at_least=False)


# What was measured: EPYC (Zen 4), one thread of two busy cores, torch 2.13.
GLAUBER, NUMPY, EXACT = fast(2800), fast(78), fast(52)
LANGEVIN = {"Strang": fast(0.4), "EulerMaruyama": fast(0.24)}
DOCUMENT, CHAIN = fast(15), fast(0.19)
PER_SITE, LIGHTNING = cheap(1.0), cheap(1.14)
RING, LONGER_RING, CHAIN_SCORE = cheap(7.8), cheap(7.4), cheap(4.9)
SAMPLERS = fast(0.96), fast(0.89)
STARTS = cheap(0.48), cheap(0.42)


def measure(settings: Settings) -> Iterator[Row]:
    """Ratios with bounds, each against something that is not ours.

    Where one is missed its part is measured again, and that counts: a spell of other work on the
    machine breaks a bound once, what became slow breaks it twice.
    """
    for part in PARTS:
        rows = list(part(settings))
        if any(row.verdict == "missed" for row in rows):
            rows = list(part(settings))
        yield from rows


def _glauber(settings: Settings) -> Iterator[Row]:
    for row in simulate.glauber(settings, 64, chains=256, sweeps=40, rounds=9):
        if row.quantity == f"{simulate.NUMBA} against {simulate.DOCUMENT}":
            yield held(row, GLAUBER)
        if row.quantity == f"{simulate.NUMBA} against {simulate.NUMPY}":
            yield held(row, NUMPY)


def _exact_samples(settings: Settings) -> Iterator[Row]:
    yield held(simulate.exact_samples(settings, 64, chains=256, rounds=9, n=10_000), EXACT)


def _langevin(settings: Settings) -> Iterator[Row]:
    for row in simulate.langevin(settings, 32, chains=256, steps=40, rounds=9):
        if (name := row.quantity.split()[0]) in LANGEVIN and " against " in row.quantity:
            yield held(row, LANGEVIN[name])


def _against_document(settings: Settings) -> Iterator[Row]:
    yield held(train_step.against_document(settings, 64, 128, None, rounds=5), DOCUMENT)


def _against_bare(settings: Settings) -> Iterator[Row]:
    yield held(train_step.against_bare(settings, 32, 256, rounds=9), CHAIN)


def _per_site(settings: Settings) -> Iterator[Row]:
    for row in train_step.per_site(settings, dims=(64, 512), sites=2**14, rounds=9):
        yield held(row, PER_SITE)


def _lightning(settings: Settings) -> Iterator[Row]:
    yield held(loops.lightning(settings, train_step.RING, steps=60, rounds=3), LIGHTNING)


def _oracle(settings: Settings) -> Iterator[Row]:
    """Exact scores beside the network's own, whose steps are held to plain torch above."""
    sizes = {"ring": {(64, 0.5): 200, (512, 0.5): 200}, "chain": {(32, 0.5): 100}}
    bounds = {"ring, d = 64": RING, "chain, d = 32": CHAIN_SCORE, "ring, d = 512": LONGER_RING}
    for kind, experiment in (("ring", "ising_d64"), ("chain", "gl_d32")):
        times = oracle.answers(settings, experiment, kind, sizes[kind], 7)
        for row in oracle.rates(kind, times, list(sizes[kind])):
            law = row.case.partition(", t")[0]
            wanted = "time beside d = 64" if law == "ring, d = 512" else oracle.BESIDE
            if row.quantity == wanted:
                yield held(row, bounds[law])


def _samplers(settings: Settings) -> Iterator[Row]:
    rows = sample.speeds(settings, 16, n=100, steps=12, rounds=7, pairs=ways.BARE)
    yield from map(held, rows, SAMPLERS)


def _startup(settings: Settings) -> Iterator[Row]:
    yield from map(held, startup.beside_torch(), STARTS)


PARTS = (
    *(_glauber, _exact_samples, _langevin, _against_document, _against_bare, _per_site),
    *(_lightning, _oracle, _samplers, _startup),
)


def held(row: Row, bound: Target | None) -> Row:
    """The row as one of this group's, held to another bound."""
    return replace(row, group=QUICK, case=f"{row.group}, {row.case}", target=bound)
