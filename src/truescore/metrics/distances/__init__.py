"""Distances between generated and exact samples, found by name."""

from collections.abc import Sequence

from truescore.errors import UserError
from truescore.metrics.distances.base import Distance
from truescore.metrics.distances.classifier import ClassifierTest
from truescore.metrics.distances.embedding import EnergyDistance, MeanDiscrepancy
from truescore.metrics.distances.hamming import HammingDiscrepancy
from truescore.metrics.distances.histogram import TotalVariation, total_variation
from truescore.metrics.distances.transport import (
    SlicedWasserstein,
    Wasserstein1,
    Wasserstein2,
    directions,
    sliced_wasserstein,
    wasserstein,
    wasserstein_line,
)
from truescore.targets import Target

DISTANCES: dict[str, type[Distance]] = {
    kind.name: kind
    for kind in (
        EnergyDistance,
        MeanDiscrepancy,
        HammingDiscrepancy,
        SlicedWasserstein,
        Wasserstein1,
        Wasserstein2,
        ClassifierTest,
        TotalVariation,
    )
}

__all__ = [
    "DISTANCES",
    "ClassifierTest",
    "Distance",
    "EnergyDistance",
    "HammingDiscrepancy",
    "MeanDiscrepancy",
    "SlicedWasserstein",
    "TotalVariation",
    "Wasserstein1",
    "Wasserstein2",
    "build_distances",
    "directions",
    "sliced_wasserstein",
    "total_variation",
    "wasserstein",
    "wasserstein_line",
]


def build_distances(target: Target, names: Sequence[str]) -> dict[str, Distance]:
    """The distances of these names for a law, by name."""
    for name in names:
        kind = DISTANCES.get(name)
        if kind is None:
            raise UserError(
                f"got the distance {name!r}, expected some of {', '.join(DISTANCES)}: use those"
            )
        if target.state_space not in kind.state_spaces:
            spaces = [
                n for n, other in DISTANCES.items() if target.state_space in other.state_spaces
            ]
            raise UserError(
                f"got the distance {name!r} for a law of {target.state_space}s, expected some of"
                f" {', '.join(spaces)}: use those"
            )
    return {name: DISTANCES[name](target) for name in names}
