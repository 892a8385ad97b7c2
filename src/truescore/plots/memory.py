"""Whether a network has learned the law or its training points."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from truescore.errors import UserError
from truescore.plots import arrays, style


def draw_memory(
    ax: Axes,
    log_snr: ArrayLike,
    learned: ArrayLike,
    learned_to_memory: ArrayLike,
    memory: ArrayLike,
) -> None:
    """Draw the three distances over the log-SNR; arguments as in ``memory_curves``."""
    level = arrays.array("log_snr", log_snr, ("levels",))
    curves = (
        (memory, style.DATA, "--", "X", "training points' score, from the exact one"),
        (learned_to_memory, style.GENERATED, ":", "s", "learned score, from the training points'"),
        (learned, style.GENERATED, "-", "o", "learned score, from the exact one"),
    )
    drawn = []
    for curve, colour, line, marker, label in curves:
        value = arrays.array(label, curve, level.shape)
        drawn.append(value[value > 0])
        shown = np.where(value > 0, value, np.nan)
        ax.plot(level, shown, line, color=colour, marker=marker, markersize=4, label=label)
    every = np.concatenate(drawn)
    if not len(every):
        raise UserError("learned: got no positive value, expected some to stand on a log axis.")
    ax.set_yscale("log")
    ax.set_ylim(every.min() / 2, every.max() * 2)
    style.label_log_axis(ax, "y")
    x = r"log-SNR of $x_t$   (noise $\leftarrow\;\rightarrow$ data)"
    style.tidy(ax, x=x, y="distance of scores (relative $L^2$)")


def memory_curves(
    log_snr: ArrayLike, learned: ArrayLike, learned_to_memory: ArrayLike, memory: ArrayLike
) -> Figure:
    """Show how far the learned score is from the law's, and from that of the training points.

    Memory is the exact score of the noised training points: a network that has all of it lies on
    the dashed line with its solid one, and near zero with its dotted one.

    Args:
        log_snr: log signal-to-noise ratios (L,).
        learned: distance of the learned score from the exact one (L,).
        learned_to_memory: of the learned score from memory's (L,).
        memory: of memory's score from the exact one (L,).
    """
    figure = style.new_figure(7, 4.2)
    ax = figure.subplots()
    draw_memory(ax, log_snr, learned, learned_to_memory, memory)
    style.legend_above(ax, columns=1)
    return figure
