"""Generated points against the exact density, for laws on the line and in the plane."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike
from scipy.ndimage import correlate1d

from truescore.errors import UserError
from truescore.plots import arrays, style
from truescore.plots.marginal import wilson_interval

SHARES = (0.99, 0.9, 0.5)
LINES = (":", "--", "-")
# Cells with fewer expected points say nothing about a deviation in standard errors.
FEWEST_EXPECTED = 5
# Of the smoothed deviations: widths to choose from, in cells, and how much of the law must be told.
WIDTHS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0)
FEWEST_SMOOTHED, MOST_MASS = 20, 0.9
LIMIT = 5.0
"""Deviations beyond 5 standard errors share the end of the colour scale."""


def _binned(
    generated: ArrayLike, grid: ArrayLike, density: ArrayLike, n_bins: int
) -> tuple[arrays.Floats, arrays.Floats, arrays.Floats, int]:
    """Counts per bin of the grid's range, the bins' edges and probabilities, and n."""
    values = arrays.array("generated", generated, ("n",))
    points = arrays.array("grid", grid, ("g",))
    exact = arrays.array("density", density, points.shape)
    edges = np.linspace(points[0], points[-1], n_bins + 1)
    count, _ = np.histogram(values, edges)
    steps = np.diff(points) * (exact[1:] + exact[:-1]) / 2
    cumulative = np.concatenate([[0.0], np.cumsum(steps)])
    probability = np.diff(np.interp(edges, points, cumulative))
    return count.astype(np.float64), edges, probability, len(values)


def _deviation(count: arrays.Floats, expected: arrays.Floats) -> arrays.Floats:
    """Counts less expected ones in standard errors; missing where too few are expected to tell.

    Where few are expected and many are found, that is told all the same.
    """
    deviation = (count - expected) / np.sqrt(np.maximum(expected, 1))
    telling = (expected >= FEWEST_EXPECTED) | (deviation > LIMIT)
    return np.where(telling, deviation, np.nan)


def draw_histogram(
    ax: Axes, generated: ArrayLike, grid: ArrayLike, density: ArrayLike, *, n_bins: int = 80
) -> None:
    """Draw a histogram with 95% intervals under the exact density; see ``density_line``."""
    count, edges, _, n = _binned(generated, grid, density, n_bins)
    width = edges[1] - edges[0]
    lower, upper = wilson_interval(count, n)
    height = count / n / width
    ax.stairs(height, edges, fill=True, color=style.GENERATED, alpha=0.3, label="generated")
    ax.errorbar(
        (edges[:-1] + edges[1:]) / 2,
        height,
        yerr=np.where(
            count > 0, np.stack([height - lower / width, upper / width - height]), np.nan
        ),
        fmt="none",
        ecolor=style.GENERATED,
        elinewidth=1.1,
        label="95% interval",
    )
    exact = np.asarray(density)
    ax.plot(grid, exact, color=style.EXACT, linewidth=1.4, label="exact density")
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(0, 1.1 * max(exact.max(), (upper / width).max()))
    style.tidy(ax, x="$x$", y="probability density")


def draw_deviation(
    ax: Axes, generated: ArrayLike, grid: ArrayLike, density: ArrayLike, *, n_bins: int = 80
) -> None:
    """Draw each bin's count less the expected one, in standard errors; see ``density_line``."""
    count, edges, probability, n = _binned(generated, grid, density, n_bins)
    deviation = _deviation(count, n * probability)
    ax.axhspan(-style.Z95, style.Z95, color=style.PALE, linewidth=0)
    ax.axhline(0, color=style.EXACT, linewidth=1.2)
    ax.plot((edges[:-1] + edges[1:]) / 2, deviation, "o", color=style.GENERATED, markersize=3.5)
    largest = 1.15 * max(3.5, float(np.nanmax(np.abs(deviation), initial=0)))
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(-largest, largest)
    style.tidy(ax, x="$x$", y="deviation\n(standard errors)")


def density_line(
    generated: ArrayLike, grid: ArrayLike, density: ArrayLike, *, n_bins: int = 80
) -> Figure:
    """Show a histogram over the exact density of a law on the line, and how far they are apart.

    The grey band holds 95% of the bins of perfect samples.

    Args:
        generated: Generated values (n,).
        grid: Increasing points (g,), fine beside the bins; the histogram covers their range.
        density: Exact density at the points (g,).
        n_bins: Number of bins.
    """
    figure = style.new_figure(8, 5)
    line_panels(figure, generated, grid, density, n_bins=n_bins)
    return figure


def line_panels(
    figure: Figure | SubFigure,
    generated: ArrayLike,
    grid: ArrayLike,
    density: ArrayLike,
    *,
    n_bins: int = 80,
) -> None:
    """Fill a figure, or a part of one; arguments as in ``density_line``."""
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    draw_histogram(upper, generated, grid, density, n_bins=n_bins)
    draw_deviation(lower, generated, grid, density, n_bins=n_bins)
    upper.set_xlabel("")
    say_what_is_outside(upper, np.asarray(generated)[:, None], [np.asarray(grid)])
    style.legend(upper, ncols=3, loc="lower right", bbox_to_anchor=(1, 1))


def draw_points(ax: Axes, points: ArrayLike, *, title: str, colour: str, n_show: int) -> None:
    """Draw the first points ``(n, 2)`` of a set."""
    shown = arrays.array("points", points, ("n", 2))[:n_show]
    size = 6 if len(shown) > 500 else 12
    ax.scatter(*shown.T, s=size, color=colour, alpha=0.3, linewidths=0, rasterized=True)
    style.tidy(ax, title=f"{title} ({len(shown):,} points)", x="$x_1$", y="$x_2$", colour=colour)


def draw_contours(ax: Axes, x: arrays.Floats, y: arrays.Floats, density: arrays.Floats) -> None:
    """Draw the smallest regions that hold 99, 90 and 50% of the law."""
    levels = held_levels(density, SHARES)
    ax.contour(x, y, density, levels, colors=style.EXACT, linestyles=LINES, linewidths=0.9)


def held_levels(density: arrays.Floats, shares: Sequence[float]) -> list[float]:
    """Densities above which the shares of the law lie, given on an even grid."""
    ordered = np.sort(density.ravel())[::-1]
    held = np.cumsum(ordered) / ordered.sum()
    return [float(ordered[np.searchsorted(held, share)]) for share in shares]


def draw_deviation_map(
    ax: Axes, generated: ArrayLike, x: arrays.Floats, y: arrays.Floats, density: arrays.Floats
) -> QuadMesh:
    """Draw counts less expected ones, both smoothed, in standard errors; returns the cells.

    The weights of the smoothing are the finest Gaussian, in cells of the density's grid, under
    which most of the law's mass lies where enough points are expected; elsewhere cells stay white.
    """
    values = arrays.array("generated", generated, ("n", 2))
    edges = [np.append(axis, 2 * axis[-1] - axis[-2]) - (axis[1] - axis[0]) / 2 for axis in (x, y)]
    expected = len(values) * density * (x[1] - x[0]) * (y[1] - y[0])
    count, _, _ = np.histogram2d(values[:, 1], values[:, 0], [edges[1], edges[0]])
    cells = ax.pcolormesh(
        *edges,
        _smoothed_deviation(count, expected),
        cmap=style.DIVERGING,
        vmin=-LIMIT,
        vmax=LIMIT,
        rasterized=True,
    )
    style.tidy(ax, title="generated − exact, smoothed", x="$x_1$", y="$x_2$")
    return cells


def _smoothed_deviation(count: arrays.Floats, expected: arrays.Floats) -> arrays.Floats:
    """Sum w (count - expected) / sqrt(sum w^2 expected): normal under perfect samples.

    As in `_deviation` cells are missing where the weights hold too few points to tell.
    """
    weights, least = np.ones(1), 0.0
    mean = variance = expected
    for width in WIDTHS:
        weights = np.exp(-0.5 * (np.arange(-int(4 * width), int(4 * width) + 1) / width) ** 2)
        weights /= weights.sum()
        mean, variance = _weighted(expected, weights), _weighted(expected, weights**2)
        # The variance where the weights hold one expected point.
        least = float((weights**2).sum()) ** 4
        telling = mean**2 >= FEWEST_SMOOTHED * variance
        if expected[telling].sum() > MOST_MASS * expected.sum():
            break
    deviation = (_weighted(count, weights) - mean) / np.sqrt(np.maximum(variance, least))
    telling = (mean**2 >= FEWEST_SMOOTHED * variance) & (variance > least)
    return np.where(telling | (deviation > LIMIT), deviation, np.nan)


def _weighted(cells: arrays.Floats, weights: arrays.Floats) -> arrays.Floats:
    """Sums with the same weights in both directions, zero beyond the edges."""
    rows = correlate1d(cells, weights, 0, mode="constant")
    return correlate1d(rows, weights, 1, mode="constant")


def density_plane(
    generated: ArrayLike,
    exact: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    density: ArrayLike,
    *,
    n_show: int = 2000,
    names: tuple[str, str] = ("x_1", "x_2"),
) -> Figure:
    """Show generated points of a law in the plane beside exact ones, and where they are too many.

    Args:
        generated: Generated points (n, 2).
        exact: Exact points (m, 2).
        x: Evenly spaced first coordinates (g,); the panels cover their range.
        y: Evenly spaced second coordinates (h,).
        density: Exact density at (y, x), shape (h, g).
        n_show: How many of each set are drawn; the deviations count all generated ones.
        names: The coordinates' symbols.
    """
    ratio = np.ptp(np.asarray(y)) / np.ptp(np.asarray(x))
    figure = style.new_figure(13, 1.3 + 3.5 * float(np.clip(ratio, 0.3, 1.2)))
    plane_panels(figure, generated, exact, x, y, density, n_show=n_show)
    figure.axes[0].set_ylabel(f"${names[1]}$")
    for ax in figure.axes[:3]:
        ax.set_xlabel(f"${names[0]}$")
    return figure


def plane_panels(
    figure: Figure | SubFigure,
    generated: ArrayLike,
    exact: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    density: ArrayLike,
    *,
    n_show: int = 2000,
) -> None:
    """Fill a figure, or a part of one; arguments as in ``density_plane``."""
    first = arrays.array("generated", generated, ("n", 2))
    across, up = arrays.array("x", x, ("g",)), arrays.array("y", y, ("h",))
    level = arrays.array("density", density, (len(up), len(across)))
    if not level.max() > 0:
        raise UserError("density: got no positive value, expected the exact density on the grid.")
    left, centre, right = figure.subplots(1, 3, sharex=True, sharey=True)
    draw_points(left, first, title="generated", colour=style.GENERATED, n_show=n_show)
    draw_points(centre, exact, title="exact samples", colour=style.EXACT, n_show=n_show)
    cells = draw_deviation_map(right, first, across, up, level)
    for ax in (left, centre, right):
        draw_contours(ax, across, up, level)
        ax.set_aspect("equal")
        ax.set_xlim(across[0], across[-1])
        ax.set_ylim(up[0], up[-1])
    for ax in (centre, right):
        ax.set_ylabel("")
    bar = figure.colorbar(cells, cax=right.inset_axes((1.04, 0, 0.05, 1)), extend="both")
    bar.set_label("standard errors", fontsize=style.LABEL)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=style.TICK, color=style.GREY)
    handles = [
        Line2D([], [], color=style.EXACT, linestyle=line, linewidth=0.9) for line in reversed(LINES)
    ]
    labels = [f"{share:.0%} of the law" for share in reversed(SHARES)]
    options = {"ncols": 3, "frameon": False, "fontsize": style.TICK}
    figure.legend(handles, labels, loc="outside lower center", **options)
    say_what_is_outside(left, first, [across, up])


def say_what_is_outside(ax: Axes, points: arrays.Floats, axes: list[arrays.Floats]) -> None:
    """Write how many points lie beyond the axes, if any do."""
    low, high = (np.array([axis[end] for axis in axes]) for end in (0, -1))
    lost = int(((points < low) | (points > high)).any(1).sum())
    if lost:
        text = f"{lost:,} of {len(points):,} generated\npoints lie outside"
        ax.text(0.02, 0.98, text, transform=ax.transAxes, va="top", fontsize=style.TICK)
