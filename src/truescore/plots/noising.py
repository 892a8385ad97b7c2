"""Forward and backward: how data on the line become noise, and noise becomes samples."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from truescore.errors import UserError
from truescore.plots import arrays, style

N_BINS = 60
COLUMNS = 3


@dataclass(frozen=True)
class Moment:
    """What there is at one time.

    Attributes:
        title: which time.
        grid: increasing places (g,), the panel's range.
        density: exact density there (g,).
        forward: data with noise (n,), if shown.
        backward: where samples stand (m,), if shown.
    """

    title: str
    grid: ArrayLike
    density: ArrayLike
    forward: ArrayLike | None = None
    backward: ArrayLike | None = None


def draw_moment(ax: Axes, moment: Moment) -> None:
    """Draw both histograms under the exact density."""
    grid = arrays.array("grid", moment.grid, ("g",))
    density = arrays.array("density", moment.density, grid.shape)
    edges = np.linspace(grid[0], grid[-1], N_BINS + 1)
    top = density.max()
    if moment.forward is not None:
        height = _histogram(arrays.array("forward", moment.forward, ("n",)), edges)
        options = {"color": style.DATA, "alpha": 0.45, "linewidth": 0}
        ax.stairs(height, edges, fill=True, label="forward: training data + noise", **options)
        top = max(top, height.max())
    if moment.backward is not None:
        height = _histogram(arrays.array("backward", moment.backward, ("m",)), edges)
        label = "backward: generated"
        ax.stairs(height, edges, color=style.GENERATED, linewidth=1.3, label=label)
        top = max(top, height.max())
    ax.plot(grid, density, color=style.EXACT, linewidth=1.4, label="exact $p_t$")
    ax.set_xlim(grid[0], grid[-1])
    ax.set_ylim(0, 1.1 * top)
    style.tidy(ax, title=moment.title, x="$x$", y="probability density")


def noising(moments: Sequence[Moment]) -> Figure:
    """Show histograms of the forward and the backward process over the exact densities.

    Args:
        moments: What there is, panel by panel, in reading order; each has a range of its own.
    """
    if not moments:
        raise UserError("moments: got none, expected one or more.")
    rows = -(-len(moments) // COLUMNS)
    columns = min(len(moments), COLUMNS)
    figure = style.new_figure(0.6 + 3.5 * columns, 0.6 + 2.6 * rows)
    axes = figure.subplots(rows, columns, squeeze=False).flat
    named = {}
    for panel, ax in enumerate(axes):
        if panel >= len(moments):
            ax.remove()
            continue
        draw_moment(ax, moments[panel])
        if panel % columns:
            ax.set_ylabel("")
        handles, labels = ax.get_legend_handles_labels()
        named |= dict(zip(labels, handles, strict=True))
    options = {"ncols": len(named), "frameon": False, "fontsize": style.TICK}
    figure.legend(list(named.values()), list(named), loc="outside upper center", **options)
    return figure


def _histogram(values: arrays.Floats, edges: arrays.Floats) -> arrays.Floats:
    """A density over the bins; what lies outside them counts, but is not seen."""
    count, _ = np.histogram(values, edges)
    return count / len(values) / np.diff(edges)
