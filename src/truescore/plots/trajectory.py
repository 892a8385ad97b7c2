"""A simulated chain over time, beside the histogram of all data and the exact density."""

from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from truescore.plots import arrays, style

N_BINS = 80


def trajectory(
    times: ArrayLike, path: ArrayLike, data: ArrayLike, grid: ArrayLike, density: ArrayLike
) -> Figure:
    """Show where a chain went, and what it and all others left behind.

    Args:
        times: Increasing times (k,), in the units of the dynamics.
        path: Positions (k,) of one chain.
        data: All states (n,) of all chains.
        grid: Increasing points (g,); both panels cover their range.
        density: Exact density at the points (g,).
    """
    t = arrays.array("times", times, ("k",))
    x = arrays.array("path", path, t.shape)
    values = arrays.array("data", data, ("n",))
    points = arrays.array("grid", grid, ("g",))
    exact = arrays.array("density", density, points.shape)
    figure = style.new_figure(9, 3.8)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[3, 1])
    left.plot(t, x, color=style.DATA, linewidth=0.5)
    left.set_xlim(t[0], t[-1])
    left.set_ylim(points[0], points[-1])
    style.tidy(
        left,
        title=f"one chain, {len(x):,} states",
        x="time of the dynamics (mobility 1)",
        y="$x$",
    )
    right.hist(
        values,
        bins=N_BINS,
        range=(points[0], points[-1]),
        density=True,
        orientation="horizontal",
        color=style.DATA,
        alpha=0.5,
        label="data",
    )
    right.plot(exact, points, color=style.EXACT, linewidth=1.4, label="exact")
    style.tidy(right, title=f"all {len(values):,} states", x="probability density")
    style.legend(right, loc="lower right", bbox_to_anchor=(1, 0))
    return figure
