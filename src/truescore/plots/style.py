"""One style for all figures: who has which colour, how axes look, how a figure is saved.

The colours are those of Okabe and Ito ("Color universal design", 2008), which stay apart under all
common kinds of colour blindness; line style and marker differ too, so that print in grey works.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from truescore.errors import UserError

EXACT = "#000000"
GENERATED = "#0072B2"
DATA = "#E69F00"
HELD_OUT = "#009E73"
OFF = "#D55E00"
GREY = "#5F6368"
PALE = "#DADCE0"

SEQUENTIAL = "viridis"
DIVERGING = "RdBu_r"

TRAINING_DATA = "training data"
"""A baseline of this name is drawn in the training data's colour."""

TITLE, LABEL, TICK = 11, 10, 9
Z95 = 1.959963984540054
"""Half width of a 95% interval, in standard errors."""

# Naming no software and no time keeps the bytes equal for equal figures.
UNSIGNED = {"png": {"Software": None}, "pdf": {"CreationDate": None, "Producer": None}}


@dataclass(frozen=True)
class LineStyle:
    """How a baseline is drawn."""

    colour: str
    line: str | tuple[int, tuple[int, ...]]
    marker: str


BASELINES = (
    LineStyle("#CC79A7", "--", "s"),
    LineStyle("#009E73", "-.", "^"),
    LineStyle("#D55E00", ":", "D"),
    LineStyle("#56B4E9", (0, (5, 1, 1, 1, 1, 1)), "v"),
    LineStyle("#8C7A00", (0, (1, 3)), "P"),
)


MARKERS = ("s", "^", "D", "v", "P", "o", "X", "h")


def marker(place: int) -> str:
    """The marker of a series by its position, beside the shade of `shades`."""
    return MARKERS[place % len(MARKERS)]


def shades(n: int) -> list[tuple[float, ...]]:
    """Return n colours from dark to bright, the brightest still seen on white."""
    return [tuple(colour) for colour in colormaps[SEQUENTIAL](np.linspace(0.0, 0.85, n))]


def baseline_styles(names: list[str]) -> dict[str, LineStyle]:
    """Return a style per baseline, by position; give the same order to every figure."""
    others = [name for name in names if name != TRAINING_DATA]
    styles = {name: BASELINES[i % len(BASELINES)] for i, name in enumerate(others)}
    return styles | {TRAINING_DATA: LineStyle(DATA, (0, (4, 2)), "X")}


def colour_of(name: str) -> str:
    """The colour of whose values these are; grey for all but the law, its data and the model."""
    return {"exact": EXACT, "generated": GENERATED, TRAINING_DATA: DATA}.get(name, GREY)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty white figure, in inches, that lays itself out and knows no backend."""
    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def tidy(ax: Axes, *, title: str = "", x: str = "", y: str = "", colour: str = EXACT) -> None:
    """Label the axes and take away what carries no information."""
    ax.set_facecolor("white")
    ax.set_title(title, fontsize=TITLE, color=colour, loc="left")
    ax.set_xlabel(x, fontsize=LABEL)
    ax.set_ylabel(y, fontsize=LABEL)
    ax.tick_params(labelsize=TICK, color=GREY)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GREY)


def count_in_ones(*axes: Axis) -> None:
    """Put ticks on whole numbers alone: there is no site 1.5."""
    for axis in axes:
        axis.set_major_locator(MaxNLocator(nbins="auto", integer=True, min_n_ticks=1))


def legend(ax: Axes, **options: Any) -> None:
    """Draw a legend without a frame in the house's size; options go to ``Axes.legend``."""
    settings: dict[str, Any] = {"frameon": False, "fontsize": TICK, **options}
    ax.legend(**settings)


def legend_above(ax: Axes, columns: int = 3) -> None:
    """Put the legend above the axis, where it hides nothing."""
    legend(ax, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns)


def label_log_axis(ax: Axes, which: str) -> None:
    """Write a log axis' ticks as plain numbers where it spans few decades, as powers elsewhere.

    Args:
        ax: An axis whose limits are already set.
        which: ``"x"`` or ``"y"``.
    """
    low, high = ax.get_xlim() if which == "x" else ax.get_ylim()
    axis = ax.xaxis if which == "x" else ax.yaxis
    decades = np.log10(high / low)
    steps = (1.0, 2.0, 5.0) if decades < 2 else (1.0, 3.0) if decades < 3 else (1.0,)
    axis.set_major_locator(LogLocator(subs=steps, numticks=12))
    axis.set_minor_formatter(NullFormatter())
    if 1e-3 <= low and high <= 1e4:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    elif len(steps) > 1:
        axis.set_major_formatter(FuncFormatter(lambda value, _: _in_powers(value)))


def _in_powers(value: float) -> str:
    factor, _, power = f"{value:.0e}".partition("e")
    return rf"${factor}\times 10^{{{int(power)}}}$" if factor != "1" else f"$10^{{{int(power)}}}$"


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write ``figure`` as a PNG at 150 dpi or a PDF; the file is whole or absent, never half.

    Args:
        figure: Any matplotlib figure.
        path: The file to write; ends in ``.png`` or ``.pdf``. Missing folders are made.

    Returns:
        The path written.

    Raises:
        UserError: The path is of another kind, or its folder cannot be written.
    """
    target = Path(path)
    kind = target.suffix.removeprefix(".")
    if kind not in UNSIGNED:
        raise UserError(
            f"figure path: got {str(target)!r}, expected a name that ends in .png or .pdf."
        )
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        suffix = target.suffix
        with tempfile.NamedTemporaryFile(dir=target.parent, suffix=suffix, delete=False) as file:
            temporary = Path(file.name)
            metadata = cast(dict[str, str], UNSIGNED[kind])
            figure.savefig(file, format=kind, dpi=150, facecolor="white", metadata=metadata)
        temporary.chmod(0o644)
        temporary.replace(target)
    except OSError as error:
        raise UserError(
            f"figure path: got {str(target)!r}, which cannot be written"
            f" ({error.strerror or error}); choose a folder you may write to."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return target
