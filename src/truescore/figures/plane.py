"""The figures of a law in the plane: its score as a field, and memory."""

from collections.abc import Callable

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from truescore import plots
from truescore.metrics import ScoreErrorCurve
from truescore.metrics.plane import LEARNED, MEMORY, Plane
from truescore.metrics.score_field import DISTANCES, EXACT, ScoreField

NAMES = (EXACT, MEMORY, LEARNED)


def plane_figures(plane: Plane, learned: ScoreErrorCurve) -> dict[str, Figure]:
    """The figures of the plane; ``learned`` is the distance of the learned score."""
    fields = plane.fields
    levels = [field.level for field in fields]

    def stacked(name: str, part: Callable[[ScoreField, str], Tensor]) -> NDArray[np.float64]:
        return torch.stack([part(field, name) for field in fields]).numpy()

    figures = {
        "score_field": plots.score_fields(
            levels,
            fields[0].axes.numpy(),
            {name: stacked(name, lambda field, name: field.scores[name]) for name in NAMES},
            stacked(LEARNED, ScoreField.relative_error),
            {name: stacked(name, lambda field, name: field.trails[name]) for name in NAMES},
            density_axes=plane.density_axes.numpy(),
            density=torch.stack(plane.densities).numpy(),
        ),
        "score_error_by_distance": plots.error_by_distance(
            levels,
            DISTANCES,
            {name: stacked(name, ScoreField.error_by_distance) for name in (MEMORY, LEARNED)},
        ),
    }
    if len(fields) > 1:
        figures["memory"] = plots.memory_curves(
            learned.log_snr.numpy(),
            learned.error.numpy(),
            plane.learned_to_memory.error.numpy(),
            plane.memory.error.numpy(),
        )
    return figures
