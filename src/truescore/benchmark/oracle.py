"""Exact scores: how many a second, what a site costs on long rings, what a network would take."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from truescore.benchmark.paired import Contender, Times, alternate
from truescore.benchmark.rows import Row, Target
from truescore.benchmark.settings import Settings
from truescore.build import build_process, build_target, build_untrained
from truescore.composition import composed
from truescore.denoisers import oracle
from truescore.randomness import keyed_generator

GROUP = "oracle"
ratio = partial(Row.ratio, GROUP)
# Points of every timed call; of chains each costs a pass over a grid of numbers at every site.
RINGS, CHAINS = 1000, 250
SKIP_DATA = 2000
# From here on fewer points, levels and rounds: the grid of numbers grows with d, its square is the
# work of a site, and so a score's is that of d^3.
LONG = 256
TOO_LONG = "the work of a score grows as d^3, minutes before the first; d = 256 is the longest here"
BESIDE = "exact beside the network's, time"


def measure(
    settings: Settings,
    rings: tuple[int, ...] = (16, 64, 256, 1024),
    chains: tuple[int, ...] = (8, 32, 128, 256),
    n: tuple[int, int] = (RINGS, CHAINS),
    rounds: int = 5,
) -> Iterator[Row]:
    """Scores of rings at one noise level, of chains at several."""
    times = answers(settings, "ising_d64", "ring", {(d, 0.5): n[0] for d in rings}, rounds)
    yield from rates("ring", times, [(d, 0.5) for d in rings])
    levels = (0.01, 0.1, 0.5, 0.9)
    sizes = {(d, level): n[1] for d in chains if d < LONG for level in levels}
    times = answers(settings, "gl_d32", "chain", sizes, rounds)
    yield from rates("chain", times, list(sizes))
    for dim in (d for d in chains if d >= LONG):
        sizes = {(dim, level): max(1, n[1] // 10) for level in levels[::2]}
        times = answers(settings, "gl_d32", "chain", sizes, 1)
        yield from rates("chain", times, list(sizes))
    yield Row.absent(GROUP, "chain, d = 1024", "exact scores", TOO_LONG)


def answers(
    settings: Settings,
    experiment: str,
    kind: str,
    sizes: dict[tuple[int, float], int],
    rounds: int,
) -> Times:
    """Times of scores by the oracle and by the experiment's network, untrained.

    Args:
        settings: seed of the points.
        experiment: its name.
        kind: of the law, for the names.
        sizes: (d, t as a part of the horizon) to number of points.
        rounds: of the timer.
    """
    contenders = []
    for dim in dict.fromkeys(dim for dim, _ in sizes):
        parts = {part: n for (d, part), n in sizes.items() if d == dim}
        config = composed([f"+experiment={experiment}", f"dataset.dim={dim}"])
        target = build_target(config)
        process = build_process(config, dim, target.n_states)
        generator = keyed_generator(settings.seed, "oracle")
        data = target.sample(max(SKIP_DATA, *parts.values()), generator)
        network: Any = build_untrained(config, dim, process, data).to(settings.device)
        exact: Any = oracle(target, process)
        method = "log_odds" if target.state_space == "spin" else "posterior_mean"
        for part, n in parts.items():
            t = torch.full((n,), part * process.horizon)
            x_t = process.perturb(data[:n], t, generator)
            for who, denoiser, device in (
                ("exact", exact, "cpu"),
                ("network", network, settings.device),
            ):
                answer = torch.inference_mode()(getattr(denoiser, method))
                call = partial(answer, x_t.to(device), t.to(device))
                contenders.append(Contender(_name(kind, dim, part, who), call, n))
    return alternate(contenders, rounds)


def rates(kind: str, times: Times, sizes: list[tuple[int, float]]) -> Iterator[Row]:
    """Scores a second, beside the network's and, by the site, beside the shortest law's."""
    first, level = sizes[0]
    for dim, part in sizes:
        case = f"{kind}, d = {dim}, t = {part:g} T"
        exact, network = (_name(kind, dim, part, who) for who in ("exact", "network"))
        yield Row(GROUP, case, "exact scores", "scores/s", times.rate(exact))
        yield ratio(case, BESIDE, times.speed(network, exact))
        if dim != first and part == level:
            base = _name(kind, first, level, "exact")
            cost = times.speed(base, exact)
            # Of a chain the grid of numbers grows with d as well, and with it the cost of a site.
            target = _linear(dim / first) if kind == "ring" else None
            yield ratio(case, f"time beside d = {first}", cost, target)


def _linear(growth: float) -> Target:
    """Messages cost O(d): the time may grow as the length does, and half as much again."""
    return Target(1.5 * growth, at_least=False)


def _name(kind: str, dim: int, part: float, who: str) -> str:
    return f"{kind}, d = {dim}, t = {part:g} T, {who}"
