"""How many times as fast, or as much, one thing is as another."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from truescore.errors import UserError
from truescore.plots import style


class Bar(NamedTuple):
    """One ratio.

    Attributes:
        name: of what, and against what.
        value: the ratio, > 0.
        interval: its lower and upper end.
        target: what it should be; ``None`` for nothing.
        missed: whether it is not.
    """

    name: str
    value: float
    interval: tuple[float, float]
    target: float | None = None
    missed: bool = False


def benchmark_figure(bars: Sequence[Bar]) -> Figure:
    """Show ratios on a logarithmic axis, a row for each, from the first on top.

    Args:
        bars: at least one.
    """
    if not bars:
        raise UserError("bars: got none, expected at least one.")
    figure = style.new_figure(8.5, 1.2 + 0.26 * len(bars))
    ax = figure.subplots()
    for row, bar in enumerate(bars):
        if not bar.value > 0:
            raise UserError(f"bars: got a ratio of {bar.value}, expected numbers > 0.")
        colour = style.OFF if bar.missed else style.GENERATED
        ax.hlines(row, *bar.interval, color=colour, linewidth=1.3)
        ax.plot(bar.value, row, "o", color=colour, markersize=4)
        if bar.target is not None:
            ax.plot(bar.target, row, "|", color=style.EXACT, markersize=11, markeredgewidth=1.6)
    ax.axvline(1, color=style.GREY, linewidth=0.8, zorder=0)
    ax.set_xscale("log")
    style.tidy(ax, x="ratio (bar: its target; line: equal)")
    ax.set_yticks(range(len(bars)), [bar.name for bar in bars])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(bars) - 0.4, -0.6)
    return figure
