"""The score as a field over a square of the plane, beside the exact one and that of memory."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.errors import UserError
from truescore.processes import GaussianNoise

GRID, STEPS = 50, 20
# The ascent starts at 6/7 of the diagonal; its step is the square of 1/35 of the square's side.
START, STRIDE = 6 / 7, 1 / 35
# Bounds of the distances that share an error, in units of the noise.
DISTANCES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, math.inf)
FEWEST = 10
EXACT = "exact"


@dataclass(frozen=True)
class ScoreField:
    """Grad log p(y) of y = x_t/alpha = x_0 + s z on a grid, by several denoisers.

    Attributes:
        level: s = sigma/alpha.
        axes: coordinates of the grid, ``(2, g)``.
        scores: by name, ``exact`` among them, ``(g, g, 2)``; rows are the second coordinate.
        trails: by name, points of the ascent y <- y + e score(y), ``(k + 1, 2)``.
        step: e.
        distance: from the nearest training point, ``(g, g)``.
    """

    level: float
    axes: Tensor
    scores: dict[str, Tensor]
    trails: dict[str, Tensor]
    step: float
    distance: Tensor

    def relative_error(self, name: str) -> Tensor:
        """|s - s*| / |s*| at every point, ``(g, g)``."""
        exact = self.scores[EXACT]
        return (self.scores[name] - exact).norm(dim=-1) / exact.norm(dim=-1)

    def error_by_distance(self, name: str) -> Tensor:
        """sqrt(E|s - s*|^2 / E|s*|^2) over the points at each of `DISTANCES`, ``(8,)``.

        NaN where there are fewer than ten.
        """
        exact = self.scores[EXACT]
        squares = torch.stack([(self.scores[name] - exact).square(), exact.square()]).sum(-1)
        errors = []
        for inside in self._shells():
            error, size = squares[:, inside].sum(1)
            errors.append((error / size).sqrt() if inside.sum() >= FEWEST else error * math.nan)
        return torch.stack(errors)

    def points_by_distance(self) -> Tensor:
        """How many points of the grid lie at each of `DISTANCES`, ``(8,)``."""
        return torch.stack([inside.sum() for inside in self._shells()])

    def as_dict(self) -> dict[str, Any]:
        """Plain values: errors by distance in units of the noise, and where each ascent ends."""
        names = [name for name in self.scores if name != EXACT]
        return {
            "noise": self.level,
            "distance_from": list(DISTANCES[:-1]),
            "points": self.points_by_distance().tolist(),
            "errors": {name: _plain(self.error_by_distance(name)) for name in names},
            "ascent": {
                "step": self.step,
                "steps": STEPS,
                "ends": {name: _plain(trail[-1]) for name, trail in self.trails.items()},
            },
        }

    def _shells(self) -> list[Tensor]:
        scaled = self.distance / self.level
        return [
            (scaled >= low) & (scaled < high)
            for low, high in zip(DISTANCES[:-1], DISTANCES[1:], strict=True)
        ]


def score_field(
    denoisers: Mapping[str, RealDenoiser],
    level: float,
    corner: Tensor,
    side: float,
    training_data: Tensor,
) -> ScoreField:
    """Scores of denoisers of one process on a square of the plane.

    Args:
        denoisers: by name, ``exact`` among them.
        level: s, one that the process has.
        corner: the square's lower left, ``(2,)``.
        side: its length.
        training_data: points ``(n, 2)``.
    """
    if EXACT not in denoisers:
        raise UserError(f"got {', '.join(denoisers)}, expected one called {EXACT} among them")
    axes = square_axes(corner, side, GRID)
    points = grid_points(axes)
    step = (STRIDE * side) ** 2
    start = (corner + START * side)[None]
    distance = torch.cat(
        [torch.cdist(block, training_data.double()).amin(1) for block in points.split(GRID)]
    )
    return ScoreField(
        level,
        axes,
        {
            name: score_at(denoiser, points, level).unflatten(0, (GRID, GRID))
            for name, denoiser in denoisers.items()
        },
        {name: _ascent(denoiser, start, level, step) for name, denoiser in denoisers.items()},
        step,
        distance.unflatten(0, (GRID, GRID)),
    )


def square_axes(corner: Tensor, side: float, n: int) -> Tensor:
    """Coordinates of a square's grid, ``(2, n)``, float64."""
    return corner.double()[:, None] + side * torch.linspace(0, 1, n, dtype=torch.float64)


def grid_points(axes: Tensor) -> Tensor:
    """The points of a grid, ``(g g, 2)``, row by row of the second coordinate."""
    return torch.cartesian_prod(axes[1], axes[0]).flip(1)


@torch.no_grad()
def score_at(denoiser: RealDenoiser, y: Tensor, level: float) -> Tensor:
    """Grad log p(y) = (E[x_0 | y] - y) / s^2 of y = x_0 + s z, ``(n, d)``, float64."""
    process = denoiser.process
    t = level_time(process, level)
    weight = next(denoiser.parameters(), y)
    x_t, t = (process.alpha(t) * y).to(weight), t.expand(len(y)).to(weight)
    return (process.alpha(t)[:, None] * denoiser.score(x_t, t)).to(y)


def level_time(process: GaussianNoise, level: float) -> Tensor:
    """The time at which sigma/alpha is the level; the process's nearest where it has none."""
    log_snr = torch.tensor(-2 * math.log(level), dtype=torch.float64)
    return process.time_from_log_snr(log_snr).clamp(process.t_min, process.horizon)


def _ascent(denoiser: RealDenoiser, y: Tensor, level: float, step: float) -> Tensor:
    trail = [y]
    for _ in range(STEPS):
        trail.append(trail[-1] + step * score_at(denoiser, trail[-1], level))
    return torch.cat(trail)


def _plain(values: Tensor) -> list[float | None]:
    """Numbers for JSON, which has no NaN and no infinity."""
    return [value if math.isfinite(value) else None for value in values.tolist()]
