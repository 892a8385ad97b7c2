"""The headline: every metric over the error that perfect samples would show."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from truescore.errors import UserError
from truescore.plots import arrays, style

AT_FLOOR = "at floor"
LEFTMOST = 0.1
"""Errors far below the floor are luck, not news: smaller ratios stand as arrows on the edge."""


def draw_verdicts(
    ax: Axes,
    names: Sequence[str],
    ratio: ArrayLike,
    band: ArrayLike,
    verdict: Sequence[str],
    baselines: Mapping[str, ArrayLike] | None = None,
) -> None:
    """Draw the dot plot; arguments as in ``verdicts``."""
    n = len(names)
    value = arrays.array("ratio", ratio, (n,))
    lower, upper = arrays.array("band", band, (2, n))
    texts = arrays.same_length("verdict", list(verdict), n)
    others = {name: arrays.array(name, values, (n,)) for name, values in (baselines or {}).items()}
    every = np.concatenate([value, lower, upper, *others.values()])
    every = every[np.isfinite(every)]
    if not len(every) or every.min() < 0:
        raise UserError("ratio, band: got a negative value or none, expected value / floor >= 0.")
    rows = np.arange(n)
    left, right = np.clip(every.min() / 1.3, LEFTMOST, 0.5), max(every.max(), 2.0) * 1.4
    ax.set_xscale("log")
    ax.set_xlim(left, right)
    ax.set_ylim(n - 0.4, -0.6)
    ax.hlines(rows, left, right, color=style.PALE, linewidth=0.6, zorder=0)
    ax.barh(
        rows,
        upper - np.maximum(lower, left),
        left=np.maximum(lower, left),
        height=0.66,
        color="#C9CCD1",
        linewidth=0,
        zorder=1,
        label="95% of perfect sample sets",
    )
    low = value < left
    for shown, marker, label in ((~low, "o", "generated"), (low, "<", "_off the axis")):
        ax.plot(
            np.where(shown, np.maximum(value, 1.05 * left), np.nan),
            rows - (0.13 if others else 0),
            marker,
            color=style.GENERATED,
            markersize=8.5,
            markeredgecolor="white",
            markeredgewidth=0.8,
            label=label,
            zorder=4,
        )
    ax.axvline(1, color=style.EXACT, linewidth=1.2, zorder=2, label="floor (perfect, RMS)")
    styles = style.baseline_styles(list(others))
    # Beneath each other, so that of two that are equal both are seen.
    below = np.linspace(0.08, 0.3, len(others))
    for (name, values), offset in zip(others.items(), below, strict=True):
        ax.plot(
            np.maximum(values, 1.05 * left),
            rows + offset,
            linestyle="none",
            marker=styles[name].marker,
            markersize=5.5,
            markerfacecolor="white",
            markeredgecolor=styles[name].colour,
            markeredgewidth=1.3,
            alpha=0.85,
            label=name,
            zorder=3,
        )
    for row, text in enumerate(texts):
        good = text == AT_FLOOR or np.isnan(value[row])
        ax.text(
            1.015,
            row,
            text,
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=style.TICK,
            color=style.GREY if good else style.OFF,
            fontweight="normal" if good else "bold",
        )
    style.tidy(ax, x="error / floor  (1 = what perfect samples of the same size show)")
    style.label_log_axis(ax, "x")
    ax.set_yticks(rows, list(names), fontsize=style.LABEL)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def verdicts(
    names: Sequence[str],
    ratio: ArrayLike,
    band: ArrayLike,
    verdict: Sequence[str],
    baselines: Mapping[str, ArrayLike] | None = None,
) -> Figure:
    """Show each metric's value over its floor, and where perfect samples would lie.

    Args:
        names: The metrics' names, for people, top to bottom (m).
        ratio: Value over floor (m,); not a number where a metric has no meaning.
        band: Where 95% of perfect sample sets of the same size fall (2, m): lower, upper,
            over the floor.
        verdict: One text per metric; all but "at floor" are set off.
        baselines: Value over floor (m,) of other sample sets, by name.
    """
    figure = style.new_figure(8, 1.9 + 0.42 * len(names))
    ax = figure.subplots()
    draw_verdicts(ax, names, ratio, band, verdict, baselines)
    figure.suptitle("How far from perfect samples?", fontsize=style.TITLE + 2, fontweight="bold")
    style.legend_above(ax)
    return figure
