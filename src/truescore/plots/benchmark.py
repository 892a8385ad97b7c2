"""How many times as fast, or as much, one thing is as another."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from truescore.errors import UserError
from truescore.plots import style


class Bar(NamedTuple):
    """One ratio.

    Attributes:
        name: of what, and against what, in two lines.
        value: the ratio, > 0.
        interval: its lower and upper end.
        target: what it should be; ``None`` for nothing.
        at_least: whether more is better.
        missed: whether it is not what it should be.
    """

    name: str
    value: float
    interval: tuple[float, float]
    target: float | None = None
    at_least: bool = True
    missed: bool = False


def benchmark_figure(bars: Sequence[Bar]) -> Figure:
    """Show ratios on a logarithmic axis, a row for each, from the first on top.

    Args:
        bars: at least one.
    """
    if not bars:
        raise UserError("bars: got none, expected at least one.")
    figure = style.new_figure(8.5, 1.4 + 0.4 * len(bars))
    ax = figure.subplots()
    labels = {False: "median and middle 68 %", True: "the same, target missed"}
    sides = {True: (">", "target: at least"), False: ("<", "target: at most")}
    for row, bar in enumerate(bars):
        if not bar.value > 0:
            raise UserError(f"bars: got a ratio of {bar.value}, expected numbers > 0.")
        colour = style.OFF if bar.missed else style.GENERATED
        ax.hlines(row, *bar.interval, color=colour, linewidth=1.3)
        mark = "s" if bar.missed else "o"
        ax.plot(bar.value, row, mark, color=colour, markersize=4, label=labels[bar.missed])
        if bar.target is not None:
            side, label = sides[bar.at_least]
            ax.plot(bar.target, row, side, color=style.EXACT, markersize=5, label=label)
    ax.axvline(1, color=style.GREY, linewidth=0.8, zorder=0)
    ax.set_xscale("log")
    style.tidy(ax, x="ratio")
    ax.set_yticks(range(len(bars)), [bar.name for bar in bars])
    found = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    figure.legend(
        found.values(), found, loc="outside lower center", ncols=4, frameon=False,
        fontsize=style.TICK,
    )  # fmt: skip
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(bars) - 0.4, -0.6)
    return figure
