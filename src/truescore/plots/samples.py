"""Generated samples beside true ones."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from truescore.errors import UserError
from truescore.plots import arrays, style


def draw_samples(
    ax: Axes,
    samples: ArrayLike,
    state_space: str,
    *,
    title: str,
    colour: str,
    n_show: int = 32,
    walls: bool = True,
) -> None:
    """Draw the first samples of a set: spins and states as a raster, reals as lines.

    Args:
        ax: Where to draw.
        samples: Samples (n, d).
        state_space: ``"spin"``, ``"categorical"`` or ``"real"``.
        title: Whose samples these are.
        colour: That one's colour.
        n_show: How many samples, from the first.
        walls: Reals only: the chain ends at x_0 = x_{d+1} = 0; the walls are drawn.
    """
    shown = arrays.samples("samples", samples, state_space)[:n_show]
    n, dim = shown.shape
    if state_space != "real":
        extent = (0.5, dim + 0.5, n + 0.5, 0.5)
        spins = state_space == "spin"
        top = 1.0 if spins else max(1.0, float(np.max(samples)))
        ax.imshow(
            shown,
            aspect="auto",
            extent=extent,
            interpolation="nearest",
            cmap="binary" if spins else style.SEQUENTIAL,
            vmin=-1 if spins else 0,
            vmax=top,
        )
        ax.hlines(np.arange(1.5, n), 0.5, dim + 0.5, color=style.GREY, linewidth=0.5)
        x = "site (black +1, white −1)" if spins else f"site (dark 0, bright {top:g})"
        style.tidy(ax, title=title, x=x, y="sample", colour=colour)
        style.count_in_ones(ax.xaxis, ax.yaxis)
        ax.spines[:].set(visible=True, color=colour, linewidth=1.5)
        return
    sites = np.arange(1, dim + 1)
    if walls:
        shown = np.pad(shown, ((0, 0), (1, 1)))
        sites = np.arange(dim + 2)
        for wall in (0, dim + 1):
            ax.axvline(wall, color=style.GREY, linewidth=3, alpha=0.5)
    for well in (-1, 1):
        ax.axhline(well, color=style.PALE, linewidth=0.8, zorder=0)
    ax.plot(sites, shown.T, color=colour, linewidth=0.9, alpha=0.55)
    ax.set_xlim(sites[0], sites[-1])
    style.count_in_ones(ax.xaxis)
    x = "site (grey bars: walls, $x = 0$)" if walls else "site"
    style.tidy(ax, title=title, x=x, y="$x_i$", colour=colour)


def draw_pair(
    axes: tuple[Axes, Axes],
    generated: ArrayLike,
    exact: ArrayLike,
    state_space: str,
    *,
    n_show: int = 32,
    walls: bool = True,
) -> None:
    """Draw generated samples on the first axis and true ones on the second, to one scale."""
    first = arrays.samples("generated", generated, state_space)
    second = arrays.samples("exact", exact, state_space, first.shape[1])
    if n_show < 1:
        raise UserError(f"n_show: got {n_show}, expected at least 1.")
    n_show = min(n_show, len(first), len(second))
    sides = ((first, "generated", style.GENERATED), (second, "exact samples", style.EXACT))
    for ax, (samples, title, colour) in zip(axes, sides, strict=True):
        draw_samples(
            ax, samples, state_space, title=title, colour=colour, n_show=n_show, walls=walls
        )
    if state_space == "real":
        limit = 1.05 * max(np.abs(first[:n_show]).max(), np.abs(second[:n_show]).max(), 1.0)
        for ax in axes:
            ax.set_ylim(-limit, limit)
    axes[1].set_ylabel("")
    axes[1].tick_params(labelleft=False)


def samples_beside(
    generated: ArrayLike,
    exact: ArrayLike,
    state_space: str,
    *,
    n_show: int = 32,
    walls: bool = True,
) -> Figure:
    """Show a few dozen generated samples beside as many true ones.

    Args:
        generated: Generated samples (n, d).
        exact: Exact samples (m, d).
        state_space: ``"spin"``, ``"categorical"`` or ``"real"``.
        n_show: How many of each; fewer where fewer are given.
        walls: Reals only: the chain ends at x_0 = x_{d+1} = 0; the walls are drawn.
    """
    figure = style.new_figure(9, 4)
    left, right = figure.subplots(1, 2)
    draw_pair((left, right), generated, exact, state_space, n_show=n_show, walls=walls)
    return figure
