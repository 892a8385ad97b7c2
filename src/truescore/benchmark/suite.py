"""The groups of a benchmark, measured one after the other."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module

import torch

from truescore.benchmark.limits import machine
from truescore.benchmark.result import Benchmark
from truescore.benchmark.rows import kept
from truescore.benchmark.settings import GROUPS, Settings
from truescore.benchmark.words import line
from truescore.errors import UserError
from truescore.training.trainer import keep_freed_memory

log = logging.getLogger("truescore")


def check_device(settings: Settings) -> None:
    """Raise ``UserError`` for ``cuda`` where there is none."""
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise UserError("got device=cuda, but torch sees no GPU: use device=cpu")


def run_suite(settings: Settings, keep: Callable[[Benchmark], object]) -> Benchmark:
    """Measure the groups that were asked for.

    A group that fails ends in a row that says why, and the next one begins.

    Args:
        settings: groups, device, threads and seed.
        keep: handed all that is known after every row, so that nothing is lost with the rest.

    Raises:
        UserError: for ``cuda`` where there is none.
    """
    check_device(settings)
    keep_freed_memory()
    rows, seconds = [], {}
    with _threads(settings.threads):
        benchmark = Benchmark(machine(settings), rows, seconds)
        for name in settings.groups:
            start = time.perf_counter()
            measured = import_module(GROUPS[name]).measure(settings)
            for row in kept(measured, name, name):
                log.info("%s", line(row))
                rows.append(row)
                seconds[name] = time.perf_counter() - start
                keep(benchmark)
    return benchmark


@contextmanager
def _threads(n: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
