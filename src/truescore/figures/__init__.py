"""The figures of a run: from what it measured to arrays for ``truescore.plots``."""

from pathlib import Path

from matplotlib.figure import Figure

from truescore import plots
from truescore.figures.evaluation import evaluation_figures, sample_figures
from truescore.figures.line import line_figures
from truescore.figures.plane import plane_figures
from truescore.figures.spins import spin_figures

__all__ = [
    "evaluation_figures",
    "line_figures",
    "plane_figures",
    "sample_figures",
    "save_figures",
    "spin_figures",
]


def save_figures(folder: Path, figures: dict[str, Figure]) -> None:
    """Write each figure as PNG."""
    for name, figure in figures.items():
        plots.save(figure, folder / f"{name}.png")
