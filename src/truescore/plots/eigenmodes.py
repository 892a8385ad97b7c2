"""The error of the variance over the eigenmodes of the exact covariance."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike

from truescore.plots import arrays, style


def draw_eigenmodes(ax: Axes, error: ArrayLike, interval: ArrayLike, band: ArrayLike) -> None:
    """Draw the relative variance error over the mode number; arguments as in ``eigenmodes``."""
    value = arrays.array("error", error, ("m",))
    m = len(value)
    lower, upper = arrays.array("interval", interval, (2, m))
    low, high = arrays.array("band", band, (2, m))
    number = np.arange(1, m + 1)
    # Steps of a whole mode each: with one or two modes a line would have no width.
    edges = np.arange(m + 1) + 0.5
    ax.stairs(
        high,
        edges,
        baseline=low,
        fill=True,
        color="#C9CCD1",
        label="95% of perfect sample sets",
        zorder=1,
    )
    ax.axhline(0, color=style.EXACT, linewidth=1.2, label="exact", zorder=2)
    ax.errorbar(
        number,
        value,
        yerr=np.maximum(np.stack([value - lower, upper - value]), 0),
        fmt="o",
        color=style.GENERATED,
        markersize=3.5,
        elinewidth=1,
        label="generated, 95% interval",
        zorder=4,
    )
    outside = (value < low) | (value > high)
    ax.plot(
        number[outside],
        value[outside],
        "o",
        color=style.OFF,
        markersize=4.5,
        label=f"outside the band: {outside.sum()} of {m}, by chance {m / 20:.2g}",
        zorder=5,
    )
    every = np.concatenate([lower, upper, low, high])
    room = max(every.max() - every.min(), 1e-9)
    ax.set_ylim(every.min() - 0.05 * room, every.max() + 0.05 * room)
    ax.set_xlim(edges[0], edges[-1])
    style.count_in_ones(ax.xaxis)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    style.tidy(
        ax,
        x=r"eigenmode $k$ of the exact covariance (largest variance $\lambda_k$ first)",
        y=r"relative error of the variance, $v_k / \lambda_k - 1$",
    )


def eigenmodes(error: ArrayLike, interval: ArrayLike, band: ArrayLike) -> Figure:
    """Show which modes have too much or too little variance.

    Args:
        error: Relative error of the generated variance (m,), from the largest mode down.
        interval: Ends of its 95% interval (2, m): lower, upper.
        band: Where the errors of 95% of perfect sample sets of the same size fall (2, m).
    """
    figure = style.new_figure(7, 4.2)
    ax = figure.subplots()
    draw_eigenmodes(ax, error, interval, band)
    style.legend_above(ax, columns=2)
    return figure
