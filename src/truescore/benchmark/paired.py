"""Times of things that do the same, taken in turn: what slows the machine slows them all."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from truescore.benchmark.rows import Spread
from truescore.errors import UserError

ROUNDS = 7


@dataclass(frozen=True)
class Contender:
    """One way to do a thing.

    Attributes:
        name: of the way.
        call: does it.
        amount: how much of it a call does: flips, steps, samples.
    """

    name: str
    call: Callable[[], object]
    amount: float = 1.0


@dataclass(frozen=True)
class Times:
    """Seconds per unit of work by contender, each ``(rounds,)``."""

    seconds: dict[str, np.ndarray]

    def speed(self, of: str, against: str, amount: float = 1.0) -> Spread:
        """How many times as fast as ``against`` the contender ``of`` is, round by round.

        Where a unit of ``of`` does the work of several of ``against``, ``amount`` says of how many.
        """
        return Spread.of((amount * self.seconds[against] / self.seconds[of]).tolist())

    def rate(self, of: str) -> Spread:
        """Units of work per second."""
        return Spread.of((1 / self.seconds[of]).tolist())


def alternate(contenders: Sequence[Contender], rounds: int = ROUNDS, warm_up: int = 1) -> Times:
    """Call the contenders in turn, A B A B ...

    Ratios are taken within a round, where the machine was busy with the same other work.

    Args:
        contenders: of different names.
        rounds: how often each is timed, >= 1.
        warm_up: calls of each that are not timed: compilers and caches fill in them.

    Raises:
        UserError: for no round, or equal names.
    """
    names = [contender.name for contender in contenders]
    if rounds < 1 or len(set(names)) < len(names):
        raise UserError(
            f"got rounds={rounds} of {', '.join(names)}, expected at least 1 of different names"
        )
    for contender in contenders:
        for _ in range(warm_up):
            contender.call()
    seconds = np.array([[_seconds(c.call) / c.amount for c in contenders] for _ in range(rounds)])
    return Times(dict(zip(names, seconds.T, strict=True)))


def _seconds(call: Callable[[], object]) -> float:
    now = clock()
    wait()
    start = now()
    call()
    wait()
    return now() - start


def clock() -> Callable[[], float]:
    """The processor's time of one thread, without other work on the machine; else the wall's."""
    alone = torch.get_num_threads() == 1 and not torch.cuda.is_initialized()
    return time.process_time if alone else time.perf_counter


def wait() -> None:
    """Until a GPU has done what it was asked for; a CPU always has."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
