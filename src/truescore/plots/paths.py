"""Paths over time: Brownian motion in its envelope, Ornstein-Uhlenbeck families."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from truescore.plots import arrays, style

N_SHOWN = 80
# Wide and pale below, narrow and dark above: curves that coincide are all seen.
WIDTHS = (5.5, 2.8, 0.9)


def draw_brownian(ax: Axes, times: ArrayLike, paths: ArrayLike, scale: float) -> None:
    """Draw paths that start at 0 in the envelopes of one and two standard deviations.

    Args:
        ax: Where to draw.
        times: Increasing times from 0 (k,).
        paths: Displacements from the start (k, n), of which the first ones are drawn.
        scale: sigma; the standard deviation at t is sigma sqrt(t).
    """
    t = arrays.array("times", times, ("k",))
    x = arrays.array("paths", paths, (len(t), "n"))
    width = scale * np.sqrt(t)
    ax.plot(t, x[:, :N_SHOWN], color=style.GENERATED, linewidth=0.6, alpha=0.35)
    for factor, line in ((1, "-"), (2, "--")):
        label = rf"$\pm{'' if factor == 1 else factor}\sigma\sqrt{{t}}$"
        ax.plot(t, factor * width, line, color=style.EXACT, linewidth=1.4, label=label)
        ax.plot(t, -factor * width, line, color=style.EXACT, linewidth=1.4)
    ax.plot(t, x.std(1), ":", color=style.OFF, linewidth=2.2, label="measured spread")
    ax.plot(t, -x.std(1), ":", color=style.OFF, linewidth=2.2)
    ax.set_xlim(t[0], t[-1])
    ax.set_ylim(-3.6 * width[-1], 3.6 * width[-1])
    style.tidy(ax, x="time $t$", y="displacement $x_t - x_0$")
    style.legend(ax, loc="upper left")


def brownian_paths(times: ArrayLike, paths: ArrayLike, scale: float) -> Figure:
    """Show Brownian paths in their envelope, and where they stand at the end.

    Arguments as in `draw_brownian`; all paths count in the histogram.
    """
    figure = style.new_figure(9, 4)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(5, 2))
    draw_brownian(left, times, paths, scale)
    t, end = np.asarray(times, dtype=np.float64), np.asarray(paths, dtype=np.float64)[-1]
    width = scale * np.sqrt(t[-1])
    grid = np.linspace(-3.6 * width, 3.6 * width, 201)
    density = np.exp(-(grid**2) / (2 * width**2)) / (np.sqrt(2 * np.pi) * width)
    options = {"density": True, "orientation": "horizontal", "color": style.GENERATED}
    right.hist(end, np.linspace(grid[0], grid[-1], 31).tolist(), alpha=0.3, **options)
    right.plot(density, grid, color=style.EXACT, linewidth=1.4)
    corner = {"xycoords": "axes fraction", "ha": "right", "va": "top", "fontsize": style.TICK}
    right.annotate(f"$t$ = {t[-1]:g}\n$n$ = {len(end):,}", (1, 1), **corner)
    style.tidy(right, x="density")
    return figure


def ou_families(own_time: ArrayLike, families: Mapping[float, Mapping[float, ArrayLike]]) -> Figure:
    """Show Ornstein-Uhlenbeck paths by D = sigma^2/(2 theta): they coincide over theta t.

    Left the first part of the clock's time, in which the fastest has run its course; right as much
    of their own time as the slowest has had four times over.

    Args:
        own_time: theta t, increasing from 0 (k,).
        families: Paths (k, n) by D and then by theta, the slowest first, all of one noise.
    """
    u = arrays.array("own_time", own_time, ("k",))
    figure = style.new_figure(9, 1 + 2.1 * len(families))
    axes = figure.subplots(len(families), 2, sharey="all", sharex="col", squeeze=False)
    for (clock, scaled), (d, family) in zip(axes, families.items(), strict=True):
        draw_family(clock, scaled, u, d, family)
        clock.set_xlim(0, u[-1] / max(family))
        scaled.set_xlim(0, u[-1] / 4)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    options = {"ncols": len(labels), "frameon": False, "fontsize": style.TICK}
    figure.legend(handles, labels, loc="outside upper center", **options)
    axes[0, 1].set_title(
        r"over $\theta t$ all are one path; band: $\pm2\sqrt{D}$", fontsize=style.TITLE, loc="left"
    )
    axes[-1, 0].set_xlabel("time $t$", fontsize=style.LABEL)
    axes[-1, 1].set_xlabel(r"scaled time $\theta t$", fontsize=style.LABEL)
    return figure


def draw_family(
    clock: Axes,
    scaled: Axes,
    own_time: arrays.Floats,
    d: float,
    family: Mapping[float, ArrayLike],
) -> None:
    """Draw the paths of one D over t and over theta t; arguments as in `ou_families`."""
    for rank, (theta, paths) in enumerate(family.items()):
        x = arrays.array(f"paths at D={d:g}, theta={theta:g}", paths, (len(own_time), "n"))
        colour = style.BASELINES[rank % len(style.BASELINES)].colour
        # The slow ones lie above the fast ones, which fill the panel.
        order = 3 - 0.1 * rank
        clock.plot(own_time / theta, x, color=colour, linewidth=0.9, alpha=0.85, zorder=order)
        clock.plot([], [], color=colour, linewidth=1.6, label=rf"$\theta$ = {theta:g}")
        width = WIDTHS[min(rank, len(WIDTHS) - 1)]
        scaled.plot(own_time, x, color=colour, linewidth=width)
    for ax in (clock, scaled):
        ax.axhspan(-2 * np.sqrt(d), 2 * np.sqrt(d), color=style.PALE, alpha=0.5, zorder=0)
    noise = ", ".join(f"{np.sqrt(2 * theta * d):.3g}" for theta in family)
    style.tidy(clock, title=rf"$D$ = {d:g} with $\sigma$ = {noise}", y="$x_t$")
    style.tidy(scaled)
