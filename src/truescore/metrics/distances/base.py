"""What every distance between samples and exact samples offers."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from truescore.randomness import keyed_generator
from truescore.targets import Target
from truescore.targets.base import StateSpace

# Exact samples that set a distance's scale: the same for every sample set of a law.
N_SCALE = 512


class Distance(ABC):
    """A distance between samples of a model and exact samples of a law.

    It is at least 0, but for unbiased estimates of a square (``unbiased``).

    Whatever it needs to know of the law (a bandwidth, bins) it takes once from the law, never from
    what it judges: values of different models are of one distance.

    Attributes:
        name: key in the configuration, tables and ``summary.json``.
        label: name for people.
        most: largest number of samples looked at, for the cost; the first ones are.
        null_size: largest size of the perfect sets behind its null law. It may be below ``most``
            only if n^rate times the distance of perfect sets has a law free of n, for large n.
        rate: 1/2 for distances, 1 for squares of them.
        unbiased: whether perfect samples have 0 on average, so that it may be negative.
        state_spaces: where it has a meaning.

    Args:
        target: the law.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    most: ClassVar[int]
    null_size: ClassVar[int] = 256
    rate: ClassVar[float] = 0.5
    unbiased: ClassVar[bool] = False
    state_spaces: ClassVar[tuple[StateSpace, ...]] = ("real", "spin")

    def __init__(self, target: Target) -> None:
        self.target = target

    @abstractmethod
    def __call__(self, x: Tensor, y: Tensor) -> float:
        """Distance of samples ``x`` and exact samples ``y``, ``(n, d)`` float64 each."""

    def own_error(self, x: Tensor, y: Tensor) -> tuple[float, tuple[float, float]] | None:
        """The debiased distance and its 95% interval; ``None`` where it has no closed form."""
        return None


def exact_scale(target: Target) -> Tensor:
    """The fixed exact samples that a law's bandwidth and bins come from, ``(512, d)`` float64."""
    return target.sample(N_SCALE, keyed_generator(0, "scale of distances")).double()


def median_distance(x: Tensor) -> float:
    """Median of |x_i - x_j| over pairs of different samples ``(n, d)``."""
    return float(torch.pdist(x).median())
