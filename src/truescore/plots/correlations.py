"""The two-point function against the exact one."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from truescore.plots import arrays, style

HIDDEN = 20
"""The log axis begins this many times below the width of a typical interval."""


def draw_two_point(
    ax: Axes,
    r: ArrayLike,
    exact: ArrayLike,
    generated: ArrayLike,
    interval: ArrayLike,
    data: ArrayLike | None = None,
    *,
    semilog: bool = False,
    label: str = "two-point function $C(r)$",
    over: str = "distance $r$ (sites)",
) -> None:
    """Draw the two-point function over the distance; arguments as in ``two_point``.

    On a log axis the values are multiplied by the sign of the exact ones, so that laws whose
    correlations alternate can be read too; what is not positive then stands as an open triangle
    on the lower edge. It ends where the exact ones are lost in the samples' noise.
    """
    distance = arrays.array("r", r, ("r",))
    n = len(distance)
    truth = arrays.array("exact", exact, (n,))
    value = arrays.array("generated", generated, (n,))
    lower, upper = arrays.array("interval", interval, (2, n))
    given = None if data is None else arrays.array("data", data, (n,))
    y = label
    if semilog:
        sign = np.where(truth < 0, -1.0, 1.0)
        if np.any(sign < 0):
            y += r" $\times$ sign of the exact"
        lower, upper = (
            np.minimum(sign * lower, sign * upper),
            np.maximum(sign * lower, sign * upper),
        )
        truth, value = sign * truth, sign * value
        given = None if given is None else sign * given
        positive = truth[truth > 0]
        bottom = positive.min() / 3 if len(positive) else 1e-3
        # What lies far below the samples' own noise would be most of the axis of a long ring.
        bottom = max(bottom, float(np.median(upper - lower)) / HIDDEN)
        seen = distance[truth > bottom]
        if len(seen):
            shown = distance <= seen.max()
            distance, truth, value = distance[shown], truth[shown], value[shown]
            lower, upper = lower[shown], upper[shown]
            given = None if given is None else given[shown]
        ax.set_yscale("log")
        ax.set_ylim(bottom, 2 * max(truth.max(), value.max(), bottom))
        lost = value <= bottom
        edge = np.full(len(value), bottom * 1.12)
        below: dict[str, Any] = {"mfc": "none", "label": "generated, below the axis"}
        if lost.any():
            ax.plot(distance[lost], edge[lost], "v", color=style.GENERATED, markersize=5, **below)
        value = np.where(lost, np.nan, value)
        lower = np.maximum(lower, bottom / 10)
    else:
        ax.axhline(0, color=style.PALE, linewidth=0.8, zorder=0)
    ax.plot(distance, truth, color=style.EXACT, linewidth=1.4, label="exact", zorder=2)
    if given is not None:
        ax.plot(
            distance,
            given,
            "x",
            color=style.DATA,
            markersize=4.5,
            markeredgewidth=1.3,
            label="training data",
            zorder=3,
        )
    ax.errorbar(
        distance,
        value,
        yerr=np.maximum(np.stack([value - lower, upper - value]), 0),
        fmt="o",
        color=style.GENERATED,
        markersize=3.5,
        elinewidth=1,
        label="generated, 95% interval",
        zorder=4,
    )
    style.count_in_ones(ax.xaxis)
    style.tidy(ax, x=over, y=y)


def two_point(
    r: ArrayLike,
    exact: ArrayLike,
    generated: ArrayLike,
    interval: ArrayLike,
    data: ArrayLike | None = None,
    label: str = "two-point function $C(r)$",
    over: str = "distance $r$ (sites)",
) -> Figure:
    """Show the two-point function, or another of a number of sites, on a linear and a log axis.

    Args:
        r: Distances in sites (R,).
        exact: Exact two-point function (R,).
        generated: That of the generated samples (R,).
        interval: Ends of its 95% interval (2, R): lower, upper.
        data: That of the training data (R,), if known.
        label: What stands beside the axis.
        over: What stands below it.
    """
    figure = style.new_figure(10, 3.9)
    left, right = figure.subplots(1, 2)
    given = r, exact, generated, interval, data
    draw_two_point(left, *given, label=label, over=over)
    draw_two_point(right, *given, semilog=True, label=label, over=over)
    style.legend(left)
    handles, labels = right.get_legend_handles_labels()
    if lost := [h for h, label in zip(handles, labels, strict=True) if "below" in label]:
        style.legend(right, handles=lost)
    return figure
