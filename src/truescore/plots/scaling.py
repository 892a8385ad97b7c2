"""How an estimate with its interval depends on a size, on two logarithmic axes."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator
from numpy.typing import ArrayLike

from truescore.plots import arrays, style

ROOM = 1.6
"""Free space above and below what is drawn, as a factor."""
CROWDED = 0.1
"""Labels nearer than this part of the axis would overlap."""
BELOW, ABOVE = "v", "^"
BEYOND = {
    BELOW: "estimate below the axis: upper end of its interval",
    ABOVE: "estimate above the axis: lower end of its interval",
}
"""What the hollow triangles say of an estimate."""


def log_limits(*values: Any) -> tuple[float, float]:
    """Limits of a logarithmic axis that holds all positive finite values, with some room.

    Args:
        values: arrays or tuples of numbers; ``None`` counts as NaN.
    """
    flat = np.concatenate([np.ravel(np.asarray(v, dtype=np.float64)) for v in values])
    flat = flat[np.isfinite(flat) & (flat > 0)]
    if not len(flat):
        return 0.1, 10.0
    return float(flat.min()) / ROOM, float(flat.max()) * ROOM


def draw_estimates(
    ax: Axes,
    x: ArrayLike,
    value: ArrayLike,
    interval: ArrayLike,
    limits: tuple[float, float],
    **look: Any,
) -> None:
    """Draw estimates with their intervals, which may reach zero or infinity.

    An estimate below the axis is a hollow triangle, pointing down, at its upper end, one beyond it
    one pointing up at its lower end: the interval is known, the value is not.

    Args:
        ax: gets logarithmic axes, with ``limits`` on y and x within those of x.
        x: sizes, ``(n,)``.
        value: estimates, ``(n,)``; may be negative or infinite.
        interval: lower and upper ends, ``(2, n)``; NaN for none.
        limits: of the y axis.
        look: ``color``, ``marker``, ``label`` of the markers.
    """
    x = arrays.array("x", x, ("n",))
    value = arrays.array("value", value, x.shape)
    low, high = arrays.array("interval", interval, (2, len(x)))
    bottom, top = limits
    ax.set(xscale="log", yscale="log", xlim=log_limits(x), ylim=limits)
    colour, marker = look.get("color", style.GENERATED), look.get("marker", "o")
    ends = np.clip(low, bottom, top), np.clip(high, bottom, top)
    ax.vlines(x, *ends, color=colour, linewidth=1.3, zorder=3)
    seen = (value > bottom) & (value < top)
    ax.plot(
        np.where(seen, x, np.nan),
        np.where(seen, value, np.nan),
        linestyle="",
        marker=marker,
        color=colour,
        markersize=5,
        label=look.get("label"),
        zorder=4,
    )
    for beyond, mark, end in (
        (value <= bottom, BELOW, ends[1]),
        (value >= top, ABOVE, ends[0]),
    ):
        if not beyond.any():
            continue
        arrow: dict[str, Any] = {"linestyle": "", "marker": mark, "markerfacecolor": "white"}
        # On the axis where the whole interval is beyond it.
        arrow |= {"clip_on": False, "in_layout": False}
        ax.plot(x[beyond], end[beyond], markeredgecolor=colour, markersize=6, zorder=4, **arrow)
        if BEYOND[mark] not in ax.get_legend_handles_labels()[1]:
            ax.plot([], [], markeredgecolor=style.GREY, label=BEYOND[mark], **arrow)


def draw_guide(
    ax: Axes,
    x: ArrayLike,
    power: float,
    through: tuple[float, float],
    label: str | None = None,
) -> None:
    """Draw a thin grey line c x^power through a point."""
    x = arrays.array("x", x, ("n",))
    y = through[1] * (x / through[0]) ** power
    ax.plot(x, y, color=style.GREY, linewidth=0.9, linestyle=(0, (1, 2)), label=label, zorder=1)


def legend_of_all(figure: Figure, axes: np.ndarray, columns: int) -> None:
    """One legend of what stands in any of the panels."""
    found = _entries(*axes.flat)
    at = "outside upper center"
    figure.legend(
        list(found.values()), list(found), loc=at, ncols=columns, frameon=False, fontsize=style.TICK
    )


def legend_on_top(ax: Axes, fontsize: int, columns: int = 1) -> None:
    """A legend of one pair of axes above them, where it hides nothing."""
    found = _entries(ax)
    style.legend(
        ax,
        handles=list(found.values()),
        labels=list(found),
        fontsize=fontsize,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=columns,
    )


def _entries(*axes: Axes) -> dict[str, Any]:
    """Handles of what is drawn in any of the axes, by their labels, hollow triangles last."""
    found: dict[str, Any] = {}
    for ax in axes:
        handles, labels = ax.get_legend_handles_labels()
        found |= dict(zip(labels, handles, strict=True))
    return dict(sorted(found.items(), key=lambda entry: entry[0] in BEYOND.values()))


def mark_sizes(ax: Axes, sizes: Sequence[float]) -> None:
    """Put ticks on the sizes that were run, and nowhere else; crowded labels in two rows."""
    ax.set_xscale("log")
    ticks, (low, high) = sorted(set(sizes)), log_limits(sizes)
    labels: list[str] = []
    for place, size in enumerate(ticks):
        near = place > 0 and math.log(size / ticks[place - 1]) < CROWDED * math.log(high / low)
        row = "\n" if near and not labels[-1].startswith("\n") else ""
        labels.append(row + short(size))
    ax.set_xticks(ticks, labels)
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(low, high)


def short(size: float) -> str:
    """A size for people: 400, 10k, 2.5M; powers of two from 1,024 on as such."""
    power = round(math.log2(size))
    if size >= 1024 and size == 2**power:
        return f"$2^{{{power}}}$"
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if size >= unit:
            return f"{size / unit:.3g}{letter}"
    return f"{size:g}"
