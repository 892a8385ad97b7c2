"""Points in the plane over the contours of a density, at several times and in motion."""

import os
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.animation import PillowWriter
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from truescore.errors import UserError
from truescore.plots import arrays, style

MASSES = (0.99, 0.9, 0.5)
"""Probability inside each contour, the outermost first."""
N_SHOWN = 1000
FRAMES_PER_SECOND = 10


def mass_levels(density: arrays.Floats) -> list[float]:
    """Heights of the density whose highest regions hold `MASSES`, increasing.

    Args:
        density: Values on an even grid that covers all but a little of the mass (gy, gx).
    """
    falling = np.sort(density, axis=None)[::-1]
    held = np.cumsum(falling) / falling.sum()
    levels = [float(falling[np.searchsorted(held, mass)]) for mass in MASSES]
    # A grid as coarse as the law itself can give two masses one height, which no contour takes.
    return [level * (1 + 1e-9 * rank) for rank, level in enumerate(levels)]


def draw_cloud(
    ax: Axes,
    points: ArrayLike,
    grid_x: ArrayLike,
    grid_y: ArrayLike,
    density: ArrayLike,
    *,
    title: str,
    marker_size: float = 5,
) -> None:
    """Draw points over the contours that hold half, 90% and 99% of a density.

    Args:
        ax: Where to draw.
        points: Points (n, 2), of which the first 1000 are drawn.
        grid_x: Even grid (gx,).
        grid_y: Even grid (gy,).
        density: Values (gy, gx).
        title: What is seen.
        marker_size: Area of a point, in points squared.
    """
    xy = arrays.array("points", points, ("n", 2))[:N_SHOWN]
    x, y = arrays.array("grid_x", grid_x, ("gx",)), arrays.array("grid_y", grid_y, ("gy",))
    p = arrays.array("density", density, (len(y), len(x)))
    levels = mass_levels(p)
    ax.contourf(x, y, p, [*levels, np.inf], colors=["#F1F1F1", "#E0E0E0", "#CBCBCB"])
    ax.contour(x, y, p, levels, colors=style.EXACT, linewidths=0.7)
    ax.scatter(*xy.T, s=marker_size, color=style.GENERATED, alpha=0.45, linewidths=0)
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(y[0], y[-1])
    ax.set_aspect("equal")
    style.tidy(ax, title=title, x="$x_1$", y="$x_2$")


def snapshots(
    times: ArrayLike,
    points: ArrayLike,
    grid_x: ArrayLike,
    grid_y: ArrayLike,
    density: ArrayLike,
    *,
    title: str,
) -> Figure:
    """Show where points stand at several times, over the density at each of them.

    Args:
        times: Times (k,).
        points: Points (k, n, 2).
        grid_x: Even grid (gx,).
        grid_y: Even grid (gy,).
        density: Values (k, gy, gx).
        title: What moves, and where to.
    """
    t, clouds, p = _checked(times, points, density)
    rows = -(-len(t) // 4)
    columns = -(-len(t) // rows)
    figure = style.new_figure(0.6 + 2.6 * columns, 1.1 + 2.8 * rows)
    # Panels of fixed shape are pushed together instead of each keeping its share of the page.
    figure.set_layout_engine("compressed")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat
    for panel, ax in enumerate(axes):
        if panel >= len(t):
            ax.remove()
            continue
        draw_cloud(ax, clouds[panel], grid_x, grid_y, p[panel], title=f"$t$ = {t[panel]:.3g}")
        ax.label_outer()
    figure.suptitle(title, fontsize=style.TITLE)
    figure.supxlabel(
        "contours hold 50%, 90% and 99% of the exact density", fontsize=style.TICK, color=style.GREY
    )
    return figure


def animate(
    path: str | os.PathLike[str],
    times: ArrayLike,
    points: ArrayLike,
    grid_x: ArrayLike,
    grid_y: ArrayLike,
    density: ArrayLike,
    *,
    title: str,
) -> Path:
    """Write a GIF of points in motion; a file of that name is whole or absent, never half.

    Args:
        path: The file to write; must end in ``.gif``.
        times: Times (k,), a frame each; the last one stands still for a second.
        points: Points (k, n, 2).
        grid_x: Even grid (gx,).
        grid_y: Even grid (gy,).
        density: Values (k, gy, gx).
        title: What moves, and where to; the time is written behind it.

    Returns:
        The path written.
    """
    target = Path(path)
    if target.suffix != ".gif":
        raise UserError(f"animation path: got {str(target)!r}, expected a name that ends in .gif")
    t, clouds, p = _checked(times, points, density)
    figure = style.new_figure(4.2, 4.4)
    ax = figure.subplots()
    writer = PillowWriter(fps=FRAMES_PER_SECOND)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        partial = Path(folder) / target.name
        with writer.saving(figure, partial, dpi=90):
            for k in range(len(t)):
                now = f"{title}: $t$ = {t[k]:.2f}"
                if k and np.array_equal(p[k], p[k - 1]):
                    ax.collections[-1].set_offsets(clouds[k, :N_SHOWN])
                    ax.set_title(now, fontsize=style.TITLE, loc="left")
                else:
                    ax.clear()
                    draw_cloud(ax, clouds[k], grid_x, grid_y, p[k], title=now, marker_size=7)
                writer.grab_frame()
                # Every frame keeps the first one's layout, so that nothing but points moves.
                figure.set_layout_engine("none")
            for _ in range(FRAMES_PER_SECOND):
                writer.grab_frame()
        partial.chmod(0o644)
        partial.replace(target)
    return target


def _checked(
    times: ArrayLike, points: ArrayLike, density: ArrayLike
) -> tuple[arrays.Floats, arrays.Floats, arrays.Floats]:
    t = arrays.array("times", times, ("k",))
    clouds = arrays.array("points", points, (len(t), "n", 2))
    return t, clouds, arrays.array("density", density, (len(t), "gy", "gx"))
