"""Training and validation loss over the steps."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import ArrayLike

from truescore.plots import arrays, style


def running_mean(value: arrays.Floats, window: int) -> arrays.Floats:
    """Return the mean over a centred window (cut off at the ends); missing values are left out."""
    known = np.isfinite(value)
    half = window // 2
    totals = np.concatenate([[0.0], np.cumsum(np.where(known, value, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    start = np.maximum(np.arange(len(value)) - half, 0)
    stop = np.minimum(np.arange(len(value)) + half + 1, len(value))
    count = counts[stop] - counts[start]
    return np.where(count > 0, (totals[stop] - totals[start]) / np.maximum(count, 1), np.nan)


def draw_losses(
    ax: Axes,
    steps: ArrayLike,
    train_loss: ArrayLike,
    val_steps: ArrayLike,
    val_loss: ArrayLike,
    kept_step: float,
    stored_times: bool = False,
    excess: tuple[float, float, float] | None = None,
) -> None:
    """Draw the losses; arguments as in ``loss_curves``."""
    step = arrays.array("steps", steps, ("steps",))
    train = arrays.array("train_loss", train_loss, step.shape)
    checks = arrays.array("val_steps", val_steps, ("checks",))
    held_out = arrays.array("val_loss", val_loss, checks.shape)
    smooth = running_mean(train, max(1, len(step) // 50))
    ax.plot(step, train, color=style.DATA, linewidth=0.6, alpha=0.35, label="_each batch")
    few = "o" if len(step) < 3 else ""
    first = next((value for value in train if np.isfinite(value)), np.nan)
    law = "training, uniform t" if stored_times else "training"
    trained = f"{law} (running mean, from {first:.4g})"
    validated = "held-out data, the loss's t" if stored_times else "validation (held-out data)"
    ax.plot(step, smooth, few + "-", color=style.DATA, linewidth=1.8, label=trained)
    ax.plot(
        checks,
        held_out,
        "s--",
        color=style.HELD_OUT,
        markersize=4,
        linewidth=1.3,
        label=validated,
    )
    least = np.nan
    if kept_step in checks:
        kept = float(held_out[checks == kept_step][0])
        label = f"kept: {kept:.4g} after {kept_step:,.0f} steps"
        star = {"markersize": 13, "markeredgecolor": "white"}
        ax.plot(kept_step, kept, "*", color=style.HELD_OUT, label=label, **star)
        if excess is not None:
            least, *ends = (kept - part for part in excess)
            label = f"of the exact score: {least:.4g} (band: 95%)"
            ax.axhline(least, color=style.EXACT, linewidth=1.2, label=label)
            ax.axhspan(min(ends), max(ends), color=style.EXACT, alpha=0.12, linewidth=0)
    _limit(ax, train, held_out, least)
    style.count_in_ones(ax.xaxis)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    style.tidy(ax, x="optimiser step", y="loss per sample")
    style.legend_above(ax, 2)


def _limit(ax: Axes, train: arrays.Floats, held_out: arrays.Floats, least: float) -> None:
    """Show all but the first steps, which fall so far that they would flatten what comes after."""
    settled = np.concatenate([train[len(train) // 20 :], held_out[len(held_out) // 20 :]])
    settled = settled[np.isfinite(settled)]
    if not len(settled):
        return
    low, high = np.percentile(settled, [0.2, 99.5])
    low, high = np.nanmin([low, least, *held_out]), max(high, settled[-1])
    room = max(high - low, 1e-9)
    ax.set_ylim(low - 0.06 * room, high + 0.12 * room)


def loss_curves(
    steps: ArrayLike,
    train_loss: ArrayLike,
    val_steps: ArrayLike,
    val_loss: ArrayLike,
    kept_step: float,
    stored_times: bool = False,
    excess: tuple[float, float, float] | None = None,
) -> Figure:
    """Show the training loss (thin: as logged; thick: running mean) and the validation loss.

    Args:
        steps: Optimiser steps (S,) after which the training loss was logged.
        train_loss: Training loss (S,), each its mean over the steps since the one before.
        val_steps: Optimiser steps (V,) after which the validation loss was taken.
        val_loss: Validation loss on held-out data (V,).
        kept_step: Steps behind the weights that the run keeps; a star where they were validated.
        stored_times: Whether training is served stored trajectories, whose times are uniform in t,
            so that its loss and the validation's are averages over different times.
        excess: Of the kept loss above the exact score's on the same noise, and the ends of its
            interval: a line where the exact score would be, below which no model stays.
    """
    figure = style.new_figure(7, 4)
    ax = figure.subplots()
    draw_losses(ax, steps, train_loss, val_steps, val_loss, kept_step, stored_times, excess)
    return figure
