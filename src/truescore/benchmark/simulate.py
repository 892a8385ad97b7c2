"""Simulating spins and chains: flips, steps and independent samples per second."""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor

from truescore.benchmark.paired import Contender, alternate
from truescore.benchmark.rows import Row, Target
from truescore.benchmark.settings import Settings
from truescore.randomness import keyed_generator
from truescore.simulate import EulerMaruyama, Strang
from truescore.simulate.spins import CheckerboardGlauber, Glauber, pair_couplings
from truescore.targets import GinzburgLandauChain, IsingRing

GROUP = "simulate"
ratio = partial(Row.ratio, GROUP)
DOCUMENT, DOCUMENT_CHAINS = "the document's way", "the document's way, all chains at once"
NUMPY, NUMBA, CHECKERBOARD = "numpy, O(1) update", "numba", "torch, checkerboard"
RANDOM = "random numbers alone"
GLAUBER, EXACT = Target(1000), Target(30)
GL_LAM, GL_TEMPERATURE, DT = 0.03, 8.0, 1e-3


def measure(
    settings: Settings,
    dims: tuple[int, ...] = (16, 64, 1024),
    chains: int = 512,
    sweeps: int = 20,
    rounds: int = 7,
    n_exact: int = 10_000,
) -> Iterator[Row]:
    """Glauber's flips, exact samples beside Glauber's, and Langevin's steps."""
    for dim in dims:
        yield from glauber(settings, dim, chains, sweeps, rounds)
    for dim in dims:
        yield exact_samples(settings, dim, chains, rounds, n_exact)
    for dim in (8, 32):
        yield from langevin(settings, dim, chains, 2 * sweeps, rounds)


def glauber(
    settings: Settings, dim: int, chains: int, sweeps: int, rounds: int, loops: int = 200
) -> Iterator[Row]:
    """Updates of single spins of a ring at T = J.

    The document's way takes the energy of the whole ring before and after every proposed flip;
    ``loops`` updates of its are timed.
    """
    ring = IsingRing(dim)
    x = ring.sample(chains, keyed_generator(settings.seed, "spins"))
    law, on = pair_couplings(ring), settings.device
    start, there = x.to(torch.int8), x.to(torch.int8).to(on)
    numba, torch_way = Glauber(law), CheckerboardGlauber(law)
    generator = keyed_generator(settings.seed, "flips")
    moved = keyed_generator(settings.seed, "flips there", device=on)
    of_numpy = np.random.default_rng(settings.seed)
    flips = sweeps * dim * chains
    contenders = [
        Contender(NUMBA, partial(numba.run, start, sweeps, generator), flips),
        Contender(CHECKERBOARD, partial(torch_way.run, there, sweeps, moved), flips),
        Contender(
            DOCUMENT, partial(document_glauber, ring, x[:1].clone(), loops, generator), loops
        ),
        Contender(
            DOCUMENT_CHAINS,
            partial(document_glauber, ring, x.clone(), loops // 10, generator),
            loops // 10 * chains,
        ),
        Contender(NUMPY, partial(numpy_glauber, x[0].numpy().copy(), loops, of_numpy), loops),
        Contender(RANDOM, partial(of_numpy.random, flips), flips),
    ]
    times = alternate(contenders, rounds)
    case = f"Glauber, d = {dim}"
    rates = ", ".join(f"{c.name} {times.rate(c.name).median:.3g}" for c in contenders)
    yield Row(GROUP, case, "numba", "flips/s", times.rate(NUMBA), None, f"flips/s: {rates}")
    for way in (NUMBA, CHECKERBOARD):
        yield ratio(case, f"{way} against {DOCUMENT}", times.speed(way, DOCUMENT),
                     GLAUBER if way == NUMBA else None)  # fmt: skip
    for peer in (DOCUMENT_CHAINS, NUMPY, CHECKERBOARD):
        yield ratio(case, f"{NUMBA} against {peer}", times.speed(NUMBA, peer))
    share = times.speed(NUMBA, RANDOM)
    yield ratio(case, f"{NUMBA} beside {RANDOM}", share, note="1: as fast as they can be drawn")


def document_glauber(
    ring: IsingRing, x: Tensor, updates: int, generator: torch.Generator
) -> Tensor:
    """Updates of one spin in each chain ``(n, d)``, with the whole energy before and after."""
    rows = torch.arange(len(x))
    for _ in range(updates):
        site = torch.randint(ring.dim, (len(x),), generator=generator)
        flipped = x.clone()
        flipped[rows, site] *= -1
        rise = _energy(flipped) - _energy(x)
        accept = torch.rand(len(x), generator=generator) < torch.sigmoid(-rise)
        x = torch.where(accept[:, None], flipped, x)
    return x


def _energy(x: Tensor) -> Tensor:
    return -(x * x.roll(1, 1)).sum(1)


def numpy_glauber(x: np.ndarray, updates: int, random: np.random.Generator) -> np.ndarray:
    """Heat bath of single spins of one chain ``(d,)`` from their two neighbours, in Python."""
    dim = len(x)
    for site, u in zip(random.integers(dim, size=updates), random.random(updates), strict=True):
        field = x[site - 1] + x[(site + 1) % dim]
        x[site] = 1 if u * (1 + math.exp(-2 * field)) < 1 else -1
    return x


def exact_samples(settings: Settings, dim: int, chains: int, rounds: int, n: int) -> Row:
    """Exact samples of a ring, ``n`` at once, beside our own Glauber's, a relaxation time apart.

    The magnetisation relaxes at the rate 1 - tanh(2J/T) per sweep: 28 sweeps at T = J. Samples so
    far apart still have a correlation of 1/e: Glauber is treated kindly.
    """
    ring = IsingRing(dim)
    sweeps = math.ceil(1 / (1 - math.tanh(2 * ring.coupling / ring.temperature)))
    generator = keyed_generator(settings.seed, "exact")
    chain, start = Glauber(pair_couplings(ring)), ring.sample(chains, generator).to(torch.int8)
    exact, ours = "exact samples", "our Glauber"
    contenders = [
        Contender(exact, partial(ring.sample, n, generator), n),
        Contender(ours, partial(chain.run, start, sweeps, generator), chains),
    ]
    times = alternate(contenders, rounds)
    return ratio(
        f"samples, d = {dim}",
        f"{exact} against {ours}, {sweeps} sweeps each",
        times.speed(exact, ours),
        EXACT,
        f"{times.rate(exact).median:,.0f} samples/s",
    )


def langevin(settings: Settings, dim: int, chains: int, steps: int, rounds: int) -> Iterator[Row]:
    """Steps of the Ginzburg-Landau chain; numpy's loop moves all chains at once too."""
    law = GinzburgLandauChain(dim, lam=GL_LAM, temperature=GL_TEMPERATURE)
    start = law.sample(chains, keyed_generator(settings.seed, "chains")).double()
    generator = keyed_generator(settings.seed, "noise")
    random, amount = np.random.default_rng(settings.seed), chains * steps
    numpy_way, draws = "numpy, Euler-Maruyama", "torch, normal numbers alone"

    def draw() -> None:
        for _ in range(steps):
            torch.randn(start.shape, dtype=torch.float64, generator=generator)

    contenders = [
        Contender(kind.__name__, partial(kind(law, DT).run, start, steps, generator), amount)
        for kind in (Strang, EulerMaruyama)
    ]
    contenders += [
        Contender(numpy_way, partial(numpy_langevin, start.numpy(), steps, random), amount),
        Contender(draws, draw, amount),
    ]
    times = alternate(contenders, rounds)
    case = f"Langevin, d = {dim}"
    for kind in (Strang, EulerMaruyama):
        name = kind.__name__
        rate = f"{times.rate(name).median:.3g} steps/s"
        yield ratio(case, f"{name} against {numpy_way}", times.speed(name, numpy_way), None, rate)
        yield ratio(case, f"{name} beside {draws}", times.speed(name, draws))


def numpy_langevin(x: np.ndarray, steps: int, random: np.random.Generator) -> np.ndarray:
    """Euler-Maruyama of chains ``(n, d)`` between walls at 0, as one would write it."""
    kick = math.sqrt(2 * GL_TEMPERATURE * DT)
    h = 1 / (x.shape[1] + 1)
    for _ in range(steps):
        padded = np.pad(x, ((0, 0), (1, 1)))
        bonds = GL_LAM * (2 * x - padded[:, :-2] - padded[:, 2:]) / h**2
        wells = x * (x**2 - 1) / GL_LAM
        x = x - DT * (bonds + wells) + kick * random.standard_normal(x.shape)
    return x
