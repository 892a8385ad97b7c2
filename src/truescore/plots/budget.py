"""Where an error comes from: its parts one by one, stacked, and together."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from truescore.errors import UserError
from truescore.plots import arrays, style

# By the letter that a part's name begins with; data and the model in their own colours.
COLOURS = {
    "B": "#56B4E9",
    "C": "#CC79A7",
    "D": "#8C7A00",
    "E": style.GENERATED,
    "F": style.DATA,
    "G": style.OFF,
}
HEIGHT = 0.62


class Panel(NamedTuple):
    """One error and its parts.

    Attributes:
        label: of the error.
        names: of its parts, each beginning with its letter.
        value: size of each part ``(k,)``, or its change with its sign.
        interval: lower and upper ends ``(2, k)``.
        total: of all parts together.
        total_interval: its lower and upper end.
        floor: RMS error of as many perfect samples.
        signed: whether values are changes of one number.
    """

    label: str
    names: Sequence[str]
    value: Sequence[float]
    interval: tuple[Sequence[float], Sequence[float]]
    total: float
    total_interval: tuple[float, float]
    floor: float
    signed: bool


def draw_budget(ax: Axes, panel: Panel) -> None:
    """Draw the stacked bar above a row for each part and one for all together.

    A size below 0 is noise, and stacks as nothing.
    """
    k = len(panel.names)
    if not k:
        raise UserError("names: got no parts, expected at least one.")
    value = arrays.array("value", panel.value, (k,))
    low, high = arrays.array("interval", panel.interval, (2, k))
    colours = [COLOURS.get(name[0], style.GREY) for name in panel.names]
    ends = {True: 0.0, False: 0.0}
    for one, colour in zip(value if panel.signed else value.clip(0), colours, strict=True):
        ax.barh(0, one, left=ends[bool(one > 0)], height=HEIGHT, color=colour, edgecolor="white")
        ends[bool(one > 0)] += one
    rows = np.arange(1, k + 1)
    ax.barh(rows, value if panel.signed else value.clip(0), height=HEIGHT, color=colours)
    ax.barh(k + 1, panel.total if panel.signed else max(panel.total, 0.0), height=HEIGHT,
            color=style.GREY)  # fmt: skip
    every = (np.append(low, panel.total_interval[0]), np.append(high, panel.total_interval[1]))
    ax.hlines(
        np.append(rows, k + 1), *every, color=style.EXACT, linewidth=1.3, zorder=3,
        label="95% interval",
    )  # fmt: skip
    ax.axvline(0, color=style.EXACT, linewidth=0.9, zorder=2)
    for side in (1.0, -1.0) if panel.signed else (1.0,):
        ax.axvline(
            side * panel.floor,
            color=style.EXACT,
            linewidth=1.0,
            linestyle=(0, (1, 2)),
            zorder=1,
            label="floor (perfect samples, RMS)" if side > 0 else None,
        )
    quantity = "change of the error" if panel.signed else "size of the change"
    style.tidy(ax, title=panel.label, x=quantity)
    ax.axhline(0.5, color=style.PALE, linewidth=0.8, zorder=0)
    ax.axhline(k + 0.5, color=style.PALE, linewidth=0.8, zorder=0)
    ax.set_ylim(k + 1.6, -0.6)
    ax.set_yticks(range(k + 2), ["stacked", *panel.names, "together"])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def budget_figure(panels: Sequence[Panel], title: str = "") -> Figure:
    """Show how each cause moves some errors of a run.

    Args:
        panels: one for each error, with the same parts.
        title: above them.
    """
    if not panels:
        raise UserError("panels: got none, expected at least one.")
    rows = len(panels[0].names) + 2
    figure = style.new_figure(2.2 + 3.0 * len(panels), 1.6 + 0.34 * rows)
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, panel in zip(axes, panels, strict=True):
        draw_budget(ax, panel)
        ax.locator_params(axis="x", nbins=5)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=style.TICK
    )
    figure.suptitle(title, fontsize=style.TITLE + 1, fontweight="bold")
    return figure
