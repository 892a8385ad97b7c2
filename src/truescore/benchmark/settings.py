"""What a benchmark is asked for, checked without importing torch."""

from collections.abc import Mapping
from dataclasses import dataclass

from truescore.errors import UserError

# Group -> the module that measures it.
GROUPS = {
    "machine": "truescore.benchmark.limits",
    "shares": "truescore.benchmark.shares",
    "simulate": "truescore.benchmark.simulate",
    "oracle": "truescore.benchmark.oracle",
    "train_step": "truescore.benchmark.train_step",
    "sample": "truescore.benchmark.sample",
    "startup": "truescore.benchmark.startup",
    "time_to_floor": "truescore.benchmark.time_to_floor",
    "gl_d64": "truescore.benchmark.gl_d64",
    "against_document": "truescore.benchmark.against_document",
    "quick": "truescore.benchmark.quick",
}
# What takes longer than all others together, and a cut of the others, must be asked for.
QUICK = "quick"
BY_NAME = ("gl_d64", "against_document", QUICK)
ALL = "all"
DEVICES = ("cpu", "cuda")
MOST_THREADS = 1024


@dataclass(frozen=True)
class Settings:
    """What is measured, and where.

    Attributes:
        groups: names of `GROUPS`.
        device: ``cpu`` or ``cuda``, of what runs there at all.
        threads: torch's, and so numba's.
        seed: of all random numbers.
    """

    groups: tuple[str, ...]
    device: str = "cpu"
    threads: int = 1
    seed: int = 0


KEYS = ("group", "device", "threads", "seed")


def settings(words: Mapping[str, str]) -> Settings:
    """Read ``group``, ``device``, ``threads`` and ``seed`` of a command line.

    ``group`` is a name, ``all``, or names in brackets, ``[simulate,oracle]``.

    Raises:
        UserError: for a group or device that there is not, or no whole number.
    """
    device = words.get("device", "cpu")
    if device not in DEVICES:
        raise UserError(f"got device={device}, expected {' or '.join(DEVICES)}")
    return Settings(
        _groups(words.get("group", ALL)),
        device,
        _whole("threads", words.get("threads", "1"), 1, MOST_THREADS),
        _whole("seed", words.get("seed", "0"), 0, 2**32 - 1),
    )


def _groups(text: str) -> tuple[str, ...]:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    names = [name.strip() for name in bare.split(",")]
    for name in names:
        if name not in (*GROUPS, ALL):
            raise UserError(f"got group={name}, expected {', '.join((ALL, *GROUPS))}")
    chosen = [name for name in GROUPS if name not in BY_NAME] if ALL in names else []
    return tuple(name for name in GROUPS if name in (*chosen, *names))


def _whole(key: str, text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise UserError(f"got {key}={text}, expected a whole number from {least} to {most}")
    return int(text)
