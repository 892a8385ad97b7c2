"""Single-site marginals against the exact ones."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from truescore.errors import UserError
from truescore.plots import arrays, style

MOST_NAMED = 6
"""States that a legend has room for."""


def wilson_interval(count: arrays.Floats, n: int) -> tuple[arrays.Floats, arrays.Floats]:
    """Return the 95% interval of a binomial probability (Wilson, 1927; holds near 0 and 1)."""
    share = count / n
    scale = 1 + style.Z95**2 / n
    centre = (share + style.Z95**2 / (2 * n)) / scale
    half = style.Z95 / scale * np.sqrt(share * (1 - share) / n + style.Z95**2 / (4 * n**2))
    return np.minimum(centre - half, share), np.maximum(centre + half, share)


def draw_marginal(
    ax: Axes,
    generated: ArrayLike,
    grid: ArrayLike,
    density: ArrayLike,
    *,
    training_data: ArrayLike | None = None,
    n_bins: int = 40,
) -> None:
    """Draw one site's histogram, with 95% intervals per bin, and its exact density.

    The training data are a step line in the same bins, over the filled steps of the generated
    samples: three things in one panel are told apart by eye, and differences are seen that panels
    side by side would hide.

    Args:
        ax: Where to draw.
        generated: Generated values of the site (n,).
        grid: Increasing points (g,); the histogram covers their range.
        density: Exact density at the points (g,).
        training_data: Values of the site in the training data (m,).
        n_bins: Number of bins.
    """
    values = arrays.array("generated", generated, ("n",))
    points = arrays.array("grid", grid, ("g",))
    exact = arrays.array("density", density, (len(points),))
    # The grid may reach far into the tails, where bins would be empty.
    core = points[exact > 1e-3 * exact.max()]
    low, high = min(core[0], values.min()), max(core[-1], values.max())
    count, edges = np.histogram(values, np.linspace(low, high, n_bins + 1))
    width = edges[1] - edges[0]
    lower, upper = wilson_interval(count.astype(np.float64), len(values))
    height = count / (len(values) * width)
    ax.stairs(height, edges, fill=True, color=style.GENERATED, alpha=0.3, label="generated")
    if training_data is not None:
        data = arrays.array("training_data", training_data, ("m",))
        share, _ = np.histogram(data, edges)
        ax.stairs(
            share / (len(data) * width),
            edges,
            color=style.DATA,
            linewidth=1.2,
            label=style.TRAINING_DATA,
        )
    interval = np.stack([height - lower / width, upper / width - height])
    ax.errorbar(
        (edges[:-1] + edges[1:]) / 2,
        height,
        yerr=np.where(count > 0, interval, np.nan),
        fmt="none",
        ecolor=style.GENERATED,
        elinewidth=1.1,
        label="95% interval",
    )
    ax.plot(points, exact, color=style.EXACT, linewidth=1.4, label="exact density")
    ax.set_xlim(low, high)
    ax.set_ylim(bottom=0)


def marginals(
    generated: ArrayLike,
    sites: Sequence[int],
    grid: ArrayLike,
    density: ArrayLike,
    training_data: ArrayLike | None = None,
) -> Figure:
    """Show the marginals of a handful of real sites; see ``draw_marginal``.

    Args:
        generated: Generated samples (n, d).
        sites: Which sites, counted from 0 (labels count from 1, as the laws do).
        grid: Points (g,) at which the densities stand.
        density: Exact densities (len(sites), g).
        training_data: Training data (m, d).
    """
    values = arrays.array("generated", generated, ("n", "d"))
    points = arrays.array("grid", grid, ("g",))
    exact = arrays.array("density", density, (len(sites), len(points)))
    dim = values.shape[1]
    data = None
    if training_data is not None:
        data = arrays.array("training_data", training_data, ("m", dim))
    wrong = [site for site in sites if not 0 <= site < dim]
    if wrong or not len(sites):
        raise UserError(f"sites: got {list(sites)}, expected one or more of 0 to {dim - 1}.")
    columns = min(len(sites), 2)
    rows = -(-len(sites) // columns)
    figure = style.new_figure(4.6 * columns, 0.5 + 3.1 * rows)
    grid_of_axes = figure.subplots(rows, columns, squeeze=False)
    for panel, ax in enumerate(grid_of_axes.flat):
        if panel >= len(sites):
            ax.remove()
            continue
        site = sites[panel]
        learned = None if data is None else data[:, site]
        draw_marginal(ax, values[:, site], points, exact[panel], training_data=learned)
        name = f"x_{{{site + 1}}}"
        y = "probability density" if panel % columns == 0 else ""
        style.tidy(ax, title=f"site {site + 1}", x=f"${name}$", y=y)
    handles, labels = grid_of_axes[0, 0].get_legend_handles_labels()
    options = {"ncols": 2 * columns, "frameon": False, "fontsize": style.TICK}
    figure.legend(handles, labels, loc="outside upper center", **options)
    return figure


def draw_spin_marginals(ax: Axes, generated: ArrayLike, exact: ArrayLike) -> None:
    """Draw P(x_i = +1) per site with 95% intervals; arguments as in ``spin_marginals``."""
    spins = arrays.samples("generated", generated, "spin")
    n, dim = spins.shape
    probability = arrays.array("exact", exact, (dim,))
    sites = np.arange(1, dim + 1)
    count = (spins > 0).sum(0).astype(np.float64)
    lower, upper = wilson_interval(count, n)
    share = count / n
    ax.plot(sites, probability, color=style.EXACT, linewidth=1.4, label="exact", zorder=3)
    ax.errorbar(
        sites,
        share,
        yerr=np.stack([share - lower, upper - share]),
        fmt="o",
        color=style.GENERATED,
        markersize=3.5,
        elinewidth=1,
        label=f"generated, 95% interval ($n$ = {n:,})",
    )
    # Room for the legend, and no magnifying of noise below a percent.
    deviation = max(np.abs(upper - probability).max(), np.abs(lower - probability).max(), 0.01)
    ax.set_ylim(probability.min() - 1.2 * deviation, probability.max() + 1.8 * deviation)
    ax.set_xlim(0, dim + 1)
    style.count_in_ones(ax.xaxis)
    style.tidy(ax, x="site $i$", y="$P(x_i = +1)$")
    style.legend(ax, loc="upper right", ncols=2)


def draw_state_marginals(ax: Axes, generated: ArrayLike, exact: ArrayLike) -> None:
    """Draw P(x_i = a) per site with 95% intervals; arguments as in ``state_marginals``."""
    states = arrays.samples("generated", generated, "categorical")
    n, dim = states.shape
    probability = arrays.array("exact", exact, (dim, "q"))
    sites = np.arange(1, dim + 1)
    room = np.linspace(-0.25, 0.25, probability.shape[1])
    reach = 0.01
    for state, colour in enumerate(style.shades(probability.shape[1])):
        count = (states == state).sum(0).astype(np.float64)
        lower, upper = wilson_interval(count, n)
        share, truth = count / n, probability[:, state]
        reach = max(reach, np.abs(upper - truth).max(), np.abs(lower - truth).max())
        ax.plot(sites, truth, color=style.EXACT, linewidth=1.4, zorder=3)
        interval = np.stack([share - lower, upper - share])
        label = f"state {state}" if probability.shape[1] <= MOST_NAMED else None
        ax.errorbar(
            sites + room[state],
            share,
            yerr=interval,
            fmt="o",
            color=colour,
            markersize=3,
            elinewidth=1,
            label=label,
        )
    ax.set_ylim(probability.min() - 1.2 * reach, probability.max() + 1.8 * reach)
    ax.set_xlim(0, dim + 1)
    style.count_in_ones(ax.xaxis)
    style.tidy(ax, x=f"site $i$ (black: exact; $n$ = {n:,}, 95% intervals)", y="$P(x_i = a)$")
    if probability.shape[1] <= MOST_NAMED:
        style.legend(ax, loc="upper right", ncols=probability.shape[1])


def state_marginals(generated: ArrayLike, exact: ArrayLike) -> Figure:
    """Show P(x_i = a) per site and state, with 95% intervals, against the exact lines.

    Args:
        generated: Generated states (n, d), 0 .. q-1.
        exact: Exact probabilities (d, q).
    """
    figure = style.new_figure(8, 3.4)
    draw_state_marginals(figure.subplots(), generated, exact)
    return figure


def spin_marginals(generated: ArrayLike, exact: ArrayLike) -> Figure:
    """Show P(x_i = +1) per site, with 95% intervals, against the exact line.

    Args:
        generated: Generated spins (n, d).
        exact: Exact probabilities of +1 (d,).
    """
    figure = style.new_figure(7, 3.4)
    draw_spin_marginals(figure.subplots(), generated, exact)
    return figure
