"""The score of a law on the line over place and time."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from truescore.errors import UserError
from truescore.plots import arrays, style

LIMIT = 3.0
"""Larger scores, in units of 1/sigma, share the end of the colour scale; few points have them."""


def draw_score_map(
    ax: Axes, x: ArrayLike, t: ArrayLike, score: ArrayLike, band: ArrayLike
) -> QuadMesh:
    """Draw one map; arguments as in ``score_maps``. Returns the coloured cells."""
    across, up = arrays.array("x", x, ("g",)), arrays.array("t", t, ("k",))
    values = arrays.array("score", score, (len(up), len(across)))
    lines = arrays.array("band", band, (len(up), 2))
    cells = ax.pcolormesh(
        across,
        up,
        values,
        cmap=style.DIVERGING,
        vmin=-LIMIT,
        vmax=LIMIT,
        shading="gouraud",
        rasterized=True,
    )
    for edge, label in zip(lines.T, ("98% of $p_t$ lie between", "_upper"), strict=True):
        ax.plot(edge, up, color=style.EXACT, linewidth=1.2, linestyle="--", label=label)
    ax.set_xlim(across[0], across[-1])
    ax.set_ylim(up[0], up[-1])
    return cells


def score_maps(
    x: ArrayLike, t: ArrayLike, scores: Mapping[str, ArrayLike], band: ArrayLike
) -> Figure:
    """Show scores side by side as colours over place and time, in units of 1/sigma(t).

    Args:
        x: Increasing places (g,).
        t: Increasing times (k,).
        scores: sigma(t) times a score (k, g), by what it is.
        band: Quantiles of p_t at 1% and 99% (k, 2): what lies outside is hardly ever visited.
    """
    if not scores:
        raise UserError("scores: got none, expected one or more maps by name.")
    figure = style.new_figure(1.2 + 2.9 * len(scores), 3.9)
    panels = np.atleast_1d(figure.subplots(1, len(scores), sharex=True, sharey=True))
    for ax, (name, score) in zip(panels, scores.items(), strict=True):
        cells = draw_score_map(ax, x, t, score, band)
        style.tidy(ax, title=name, x="$x$", y="time $t$  (0: data)")
        ax.label_outer()
    bar = figure.colorbar(cells, ax=panels, extend="both", aspect=30, pad=0.01)
    bar.set_label(r"score $\times\ \sigma(t)$", fontsize=style.LABEL)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=style.TICK, color=style.GREY)
    handles, labels = panels[0].get_legend_handles_labels()
    options = {"frameon": False, "fontsize": style.TICK}
    figure.legend(handles, labels, loc="outside lower center", **options)
    return figure
