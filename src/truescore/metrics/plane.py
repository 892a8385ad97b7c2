"""What is measured in the plane alone: the score as a field, and what memory would answer."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.denoisers.oracle import RealOracle
from truescore.metrics.score_error import ScoreErrorCurve, score_error_curve
from truescore.metrics.score_field import (
    EXACT,
    ScoreField,
    grid_points,
    score_field,
    square_axes,
)
from truescore.randomness import keyed_generator
from truescore.targets import KernelMixture, Target

LEARNED, MEMORY = "learned", "training points"
N_LEVELS = 3
# Levels nearer to each other than this are one.
APART = 1.1
# Bandwidth of the kernels over the smallest noise in use: none, to three digits.
NARROW = 1e-3
# Every held-out point is compared with every training point, at every level.
N_COMPARED = 500
DENSITY_POINTS = 192
# The square is this much wider than so many exact points, and so many round numbers wide.
ROOM, N_SHOWN, UNITS = 1.35, 2000, 7


@dataclass(frozen=True)
class Plane:
    """A learned score of a law in the plane, beside the exact one and that of its training points.

    The score of the training points, noised, is what minimises the training loss over all
    functions: a network that reaches it has memorised.

    Attributes:
        fields: at up to three noise levels, from the smallest to the scale of the data.
        densities: of the noised law at each of them, on `density_axes`, ``(h, h)``.
        density_axes: ``(2, h)``.
        memory: distance of memory's score from the exact one, over the noise level.
        learned_to_memory: of the learned one from memory's, in units of memory's.
    """

    fields: list[ScoreField]
    densities: list[Tensor]
    density_axes: Tensor
    memory: ScoreErrorCurve
    learned_to_memory: ScoreErrorCurve

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a summary; distances are in units of the noise."""
        return {
            "memory": {
                "log_snr": self.memory.log_snr.tolist(),
                "training_points": self.memory.error.tolist(),
                "learned_to_training_points": self.learned_to_memory.error.tolist(),
            },
            "fields": [field.as_dict() for field in self.fields],
        }


def look_at_plane(
    exact: RealOracle,
    denoiser: RealDenoiser,
    training_data: Tensor,
    held_out: Tensor,
    n_levels: int,
) -> Plane:
    """Compare a learned score with the exact one and with that of the training points.

    Args:
        exact: the oracle of the law.
        denoiser: what is judged, of the same process.
        training_data: what it learned from, ``(n, 2)``.
        held_out: exact samples, ``(m, 2)``.
        n_levels: noise levels of the curves.
    """
    process, target = exact.process, exact.target
    levels = field_levels(exact)
    memory = RealOracle(KernelMixture(training_data, NARROW * min(levels)), process)
    denoisers = {EXACT: exact, MEMORY: memory, LEARNED: denoiser}
    corner, side = square_around(target)
    axes = square_axes(corner, side, DENSITY_POINTS)
    points = grid_points(axes)

    def density(level: float) -> Tensor:
        one = torch.ones(len(points), dtype=torch.float64)
        log_p, _ = target.gaussian_posterior(points, one, level * one)
        return log_p.exp().unflatten(0, (DENSITY_POINTS, DENSITY_POINTS))

    def curve(of: RealDenoiser, to: RealDenoiser) -> ScoreErrorCurve:
        return score_error_curve(of, to, process, held_out[:N_COMPARED], n_levels)

    return Plane(
        [score_field(denoisers, level, corner, side, training_data) for level in levels],
        [density(level) for level in levels],
        axes,
        curve(memory, exact),
        curve(denoiser, memory),
    )


def field_levels(exact: RealOracle) -> list[float]:
    """Noise levels in geometric steps from the process's smallest to the scale of the data."""
    process = exact.process
    ends = torch.tensor([process.t_min, process.horizon], dtype=torch.float64)
    low, high = (-process.log_snr(ends) / 2).exp().tolist()
    high = max(low, min(high, float(exact.spectrum.mean().sqrt())))
    if high < APART * low:
        return [math.sqrt(low * high)]
    return [low * (high / low) ** (k / (N_LEVELS - 1)) for k in range(N_LEVELS)]


def square_around(target: Target) -> tuple[Tensor, float]:
    """Lower left corner and side of a square around the law, on round numbers."""
    exact = target.sample(N_SHOWN, keyed_generator(0, "shown")).double()
    low, high = exact.amin(0), exact.amax(0)
    side = ROOM * float((high - low).max())
    decade = 10 ** math.floor(math.log10(side / UNITS))
    unit = decade * max(u for u in (1, 2, 5) if u * decade * UNITS <= side)
    side = round(side / unit) * unit
    corner = ((low + high - side) / 2 / unit).round() * unit
    return corner, side
