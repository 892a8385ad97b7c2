"""The groups of a benchmark, measured one after the other."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import torch

from truescore.benchmark.limits import machine
from truescore.benchmark.pages import Benchmark, line
from truescore.benchmark.rows import Row
from truescore.benchmark.settings import GROUPS, Settings
from truescore.errors import UserError
from truescore.training.trainer import keep_freed_memory

log = logging.getLogger("truescore")


def run_suite(settings: Settings) -> Benchmark:
    """Measure the groups that were asked for; each row is logged as it comes.

    Raises:
        UserError: for ``cuda`` where there is none.
    """
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise UserError("got device=cuda, but torch sees no GPU: use device=cpu")
    keep_freed_memory()
    with _threads(settings.threads):
        return Benchmark(machine(settings), list(_rows(settings)))


def _rows(settings: Settings) -> Iterator[Row]:
    for name in settings.groups:
        for row in import_module(GROUPS[name]).measure(settings):
            log.info("%s", line(row))
            yield row


@contextmanager
def _threads(n: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
