"""How much jumping sites have done by time t: B(t) = int_0^t beta, from B(0) = 0.

A schedule only renames the times of a jump process; see ``truescore.processes.discrete``.
"""

import math
from typing import Literal, get_args

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.processes.schedules import Schedule

JumpSchedule = Literal["constant", "geometric", "log_linear", "cosine"]
# Campbell et al. 2022, arXiv 2205.14987: beta(t) = a b^t log b; b = 100, and a such that sites of 2
# to 10 states are uniform well before t = 2.
SCALE, BASE = 0.05, 100.0


class Constant(Schedule):
    """B(t) = t."""

    def value(self, t: Tensor) -> Tensor:
        """B(t)."""
        return t

    def rate(self, t: Tensor) -> Tensor:
        """1."""
        return torch.ones_like(t)

    def inverse(self, value: Tensor) -> Tensor:
        """The time at which it has a value."""
        return value


class ExponentialRate(Schedule):
    """B(t) = a (b^t - 1), whose rate rises geometrically; Campbell et al. 2022."""

    def value(self, t: Tensor) -> Tensor:
        """B(t)."""
        return SCALE * torch.expm1(math.log(BASE) * t)

    def rate(self, t: Tensor) -> Tensor:
        """A b^t log b."""
        return SCALE * math.log(BASE) * (math.log(BASE) * t).exp()

    def inverse(self, value: Tensor) -> Tensor:
        """log(1 + B/a) / log b."""
        return torch.log1p(value / SCALE) / math.log(BASE)


class LogLinear(Schedule):
    """B(t) = -log(1 - t), t < 1: exp(-B) falls in a line. Lou et al. 2024, arXiv 2310.16834."""

    def value(self, t: Tensor) -> Tensor:
        """B(t)."""
        return -torch.log1p(-t)

    def rate(self, t: Tensor) -> Tensor:
        """1 / (1 - t)."""
        return 1 / (1 - t)

    def inverse(self, value: Tensor) -> Tensor:
        """1 - exp(-B)."""
        return -torch.expm1(-value)


class CosineSurvival(Schedule):
    """B(t) = -log(1 - sin(pi t/2)), t < 1. Shi et al. 2024, arXiv 2406.04329, table 1."""

    def value(self, t: Tensor) -> Tensor:
        """B(t)."""
        return -torch.log1p(-(math.pi / 2 * t).sin())

    def rate(self, t: Tensor) -> Tensor:
        """(pi/2) cos / (1 - sin), written from the end, where it diverges."""
        return math.pi / 2 / (math.pi / 4 * (1 - t)).tan()

    def inverse(self, value: Tensor) -> Tensor:
        """From the sine and the cosine of pi t/2: either alone is blunt at one end."""
        sine = -torch.expm1(-value)
        cosine = ((-value).exp() * (1 + sine)).sqrt()
        return torch.atan2(sine, cosine) / (math.pi / 2)


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "geometric": ExponentialRate,
    "log_linear": LogLinear,
    "cosine": CosineSurvival,
}


def jump_schedule(name: str) -> Schedule:
    """The schedule of a name.

    Raises:
        UserError: it is not known.
    """
    if name not in SCHEDULES:
        known = ", ".join(get_args(JumpSchedule))
        raise UserError(f"got schedule={name!r}, expected one of {known}: choose one")
    return SCHEDULES[name]()
