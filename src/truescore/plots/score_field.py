"""Scores over the plane, beside the exact one: arrows, ascents, and errors."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from truescore.errors import UserError
from truescore.plots import arrays, style
from truescore.plots.density import held_levels

COLOURS = {"exact": style.EXACT, "training points": style.DATA, "learned": style.GENERATED}
ERRORS = (0.01, 10.0)
# Shares of the law inside the two shades of grey behind the arrows.
SHADES = (0.99, 0.5)
ARROW = 1.7
"""Length of the longest arrow, in spacings of the drawn grid."""


def draw_score(ax: Axes, axes: ArrayLike, score: ArrayLike, *, colour: str, every: int = 1) -> None:
    """Draw arrows along the score, as long as log(1 + |score|).

    Args:
        ax: where to draw.
        axes: coordinates of the grid (2, g).
        score: the field (g, g, 2); rows are the second coordinate.
        colour: of the arrows.
        every: one arrow for so many points of the grid in each direction.
    """
    points = arrays.array("axes", axes, (2, "g"))
    g = points.shape[1]
    field = arrays.array("score", score, (g, g, 2))
    first = (g - 1) % every // 2
    shown, field = points[:, first::every], field[first::every, first::every]
    size = np.linalg.norm(field, axis=-1)
    arrow = field * (np.log1p(size) / np.maximum(size, 1e-300))[..., None]
    unit = np.log1p(size).max() / (ARROW * (shown[0, 1] - shown[0, 0]))
    options: dict[str, Any] = {"angles": "xy", "scale_units": "xy", "scale": max(unit, 1e-300)}
    ax.quiver(
        *shown,
        arrow[..., 0],
        arrow[..., 1],
        color=colour,
        pivot="mid",
        width=0.0028 if shown.shape[1] > 30 else 0.004,
        **options,
    )


def draw_trail(ax: Axes, trail: ArrayLike) -> None:
    """Draw the points ``(k + 1, 2)`` of an ascent, the start as a ring."""
    x, y = arrays.array("trail", trail, ("k", 2)).T
    ax.plot(x, y, "-", color="white", linewidth=3.2, zorder=4)
    ax.plot(x, y, ".-", color=style.OFF, linewidth=1.3, markersize=6, zorder=5)
    options = {"color": style.OFF, "markerfacecolor": "white", "markeredgewidth": 1.8}
    ax.plot(x[0], y[0], "o", markersize=8, zorder=6, **options)  # pyright: ignore


def draw_relative_error(ax: Axes, axes: ArrayLike, error: ArrayLike) -> QuadMesh:
    """Draw relative errors (g, g) of a field in colour; returns the coloured cells."""
    points = arrays.array("axes", axes, (2, "g"))
    values = arrays.array("error", error, (points.shape[1], points.shape[1]))
    norm = LogNorm(*ERRORS, clip=True)
    return ax.pcolormesh(*points, values, norm=norm, cmap=style.SEQUENTIAL, rasterized=True)


def score_fields(
    levels: ArrayLike,
    axes: ArrayLike,
    scores: Mapping[str, ArrayLike],
    errors: ArrayLike,
    trails: Mapping[str, ArrayLike],
    *,
    density_axes: ArrayLike,
    density: ArrayLike,
) -> Figure:
    """Show score fields beside each other, and the learned one's error; a row for each noise level.

    Grey holds 99 and 50% of the exact law at that level; the trail is an ascent from the ring.

    Args:
        levels: noise over signal s (L,).
        axes: coordinates of the grid (2, g).
        scores: by name, fields (L, g, g, 2); rows are the second coordinate.
        errors: relative error of the learned one (L, g, g).
        trails: by the same names, points of the ascent (L, k + 1, 2).
        density_axes: coordinates of the density's own grid (2, h).
        density: exact density at each level (L, h, h).
    """
    noise = arrays.array("levels", levels, ("L",))
    points = arrays.array("axes", axes, (2, "g"))
    fine = arrays.array("density_axes", density_axes, (2, "h"))
    n, g, h = len(noise), points.shape[1], fine.shape[1]
    fields = {name: arrays.array(name, field, (n, g, g, 2)) for name, field in scores.items()}
    wrong = arrays.array("errors", errors, (n, g, g))
    law = arrays.array("density", density, (n, h, h))
    if set(trails) != set(fields):
        raise UserError("trails: got other names than scores, expected the same; pass one of each.")
    paths = {name: arrays.array(name, trail, (n, "k", 2)) for name, trail in trails.items()}
    columns = len(fields) + 1
    figure = style.new_figure(3.9 * columns + 0.7, 3.75 * n + 0.35)
    grid = figure.subplots(n, columns, sharex=True, sharey=True, squeeze=False)
    every = 1 if n == 1 else 2
    for row, panels in enumerate(grid):
        shades = held_levels(law[row], SHADES)
        for ax, (name, field) in zip(panels, fields.items(), strict=False):
            shade = [*shades, law[row].max()]
            ax.contourf(*fine, law[row], shade, colors=("#E8E9EB", "#C9CCD1"))
            draw_score(ax, points, field[row], colour=COLOURS.get(name, style.GREY), every=every)
            draw_trail(ax, _until_outside(paths[name][row], points))
            style.tidy(ax, title=name if row == 0 else "", colour=COLOURS.get(name, style.GREY))
        cells = draw_relative_error(panels[-1], points, wrong[row])
        panels[-1].contour(*fine, law[row], shades[:1], colors="white", linewidths=1)
        style.tidy(panels[-1], title="error of the learned score" if row == 0 else "")
        panels[0].set_ylabel(f"noise $s$ = {noise[row]:.3g}\n$x_2$", fontsize=style.LABEL)
        _bar(figure, panels[-1], cells)
    for ax in grid.flat:
        ax.set_aspect("equal")
        ax.set_xlim(points[0, 0], points[0, -1])
        ax.set_ylim(points[1, 0], points[1, -1])
    for ax in grid[-1]:
        ax.set_xlabel("$x_1$", fontsize=style.LABEL)
    return figure


def _until_outside(trail: arrays.Floats, axes: arrays.Floats) -> arrays.Floats:
    """The points of a trail up to the first that lies outside the axes, it included."""
    inside = ((trail >= axes[:, 0]) & (trail <= axes[:, -1])).all(1)
    return trail if inside.all() else trail[: int(np.argmin(inside)) + 1]


def _bar(figure: Figure, ax: Axes, cells: QuadMesh) -> None:
    bar = figure.colorbar(cells, cax=ax.inset_axes((1.03, 0, 0.05, 1)), extend="both")
    bar.set_label("$|s - s^*|\\,/\\,|s^*|$", fontsize=style.LABEL)
    bar.outline.set_visible(False)  # pyright: ignore
    bar.ax.tick_params(labelsize=style.TICK, color=style.GREY)


def error_by_distance(
    levels: ArrayLike, edges: ArrayLike, errors: Mapping[str, ArrayLike]
) -> Figure:
    """Show relative errors of scores over the distance from the data; a panel for each noise level.

    Args:
        levels: noise over signal s (L,).
        edges: bounds of the distances, in units of s, the first 0 and the last infinite (m + 1,).
        errors: by name, the error in each interval (L, m).
    """
    noise, bounds = arrays.array("levels", levels, ("L",)), arrays.array("edges", edges, ("e",))
    shape = (len(noise), len(bounds) - 1)
    curves = {name: arrays.array(name, curve, shape) for name, curve in errors.items()}
    figure = style.new_figure(1.2 + 3.6 * max(len(noise), 1.5), 3.9)
    panels = figure.subplots(1, len(noise), sharey=True, squeeze=False)[0]
    names = [*(f"{low:g} to {high:g}" for low, high in zip(bounds[:-2], bounds[1:-1], strict=True))]
    names.append(f"over {bounds[-2]:g}")
    every = np.concatenate([curve.ravel() for curve in curves.values()])
    every = every[np.isfinite(every) & (every > 0)]
    for ax, row in zip(panels, range(len(noise)), strict=True):
        for (name, curve), marker in zip(curves.items(), ("s", "o"), strict=False):
            colour = COLOURS.get(name, style.GREY)
            ax.plot(curve[row], marker=marker, color=colour, linewidth=1.6, label=name)
        ax.axhline(1, color=style.GREY, linewidth=0.9, linestyle="--", label="no arrows at all")
        ax.set_yscale("log")
        ax.set_ylim(every.min() / 2, max(every.max() * 2, 2))
        ax.set_xticks(range(shape[1]), names, rotation=40, ha="right")
        ax.set_xlim(-0.5, shape[1] - 0.5)
        title = f"noise $s$ = {noise[row]:.3g}"
        style.tidy(ax, title=title, x="distance from the nearest training point, over $s$")
        style.label_log_axis(ax, "y")
    panels[0].set_ylabel("relative error of the score", fontsize=style.LABEL)
    handles, labels = panels[0].get_legend_handles_labels()
    options = {"ncols": len(labels), "frameon": False, "fontsize": style.TICK}
    figure.legend(handles, labels, loc="outside upper center", **options)
    return figure
