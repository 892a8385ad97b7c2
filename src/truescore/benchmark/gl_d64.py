"""The whole run of a chain of 64 sites: minutes of its own, so it is asked for by its name."""

from collections.abc import Iterator

from truescore.benchmark import time_to_floor
from truescore.benchmark.rows import Row
from truescore.benchmark.settings import Settings

GROUP = "gl_d64"


def measure(settings: Settings, changes: tuple[str, ...] = ()) -> Iterator[Row]:
    """Time, error and memory of ``+experiment=gl_d64``."""
    yield from time_to_floor.rows(GROUP, GROUP, settings, changes)
