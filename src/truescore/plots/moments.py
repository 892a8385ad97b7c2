"""Means and covariances against the exact ones."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from truescore.errors import UserError
from truescore.plots import arrays, style


def draw_mean_profile(
    ax: Axes, generated_mean: ArrayLike, standard_error: ArrayLike, exact_mean: ArrayLike
) -> None:
    """Draw the mean per site with 95% intervals; arguments as in ``mean_profile``."""
    mean = arrays.array("generated_mean", generated_mean, ("d",))
    error = arrays.array("standard_error", standard_error, mean.shape)
    exact = arrays.array("exact_mean", exact_mean, mean.shape)
    if not np.all(error >= 0):
        raise UserError("standard_error: got a negative or missing value, expected all >= 0.")
    sites = np.arange(1, len(mean) + 1)
    ax.plot(sites, exact, color=style.EXACT, linewidth=1.4, label="exact", zorder=3)
    ax.errorbar(
        sites,
        mean,
        yerr=style.Z95 * error,
        fmt="o",
        color=style.GENERATED,
        markersize=3.5,
        elinewidth=1,
        label="generated, 95% interval",
    )
    low = min(exact.min(), (mean - style.Z95 * error).min())
    high = max(exact.max(), (mean + style.Z95 * error).max())
    room = max(high - low, 1e-9)
    ax.set_ylim(low - 0.1 * room, high + 0.3 * room)
    ax.set_xlim(0, len(mean) + 1)
    style.count_in_ones(ax.xaxis)
    style.tidy(ax, x="site $i$", y=r"mean $\langle x_i \rangle$")
    style.legend(ax, loc="upper right", ncols=2)


def mean_profile(
    generated_mean: ArrayLike, standard_error: ArrayLike, exact_mean: ArrayLike
) -> Figure:
    """Show the mean of every site, with 95% intervals, against the exact mean.

    Args:
        generated_mean: Mean of the generated samples (d,).
        standard_error: Its standard error (d,).
        exact_mean: Exact mean (d,).
    """
    figure = style.new_figure(7, 3.4)
    draw_mean_profile(figure.subplots(), generated_mean, standard_error, exact_mean)
    return figure


def draw_covariance(
    ax: Axes, matrix: ArrayLike, *, limits: tuple[float, float], cmap: str, title: str, colour: str
) -> AxesImage:
    """Draw a (d, d) matrix, sites counted from 1; returns the image, for a colour bar."""
    values = arrays.array("matrix", matrix, ("d", "d"))
    dim = len(values)
    extent = (0.5, dim + 0.5, dim + 0.5, 0.5)
    image = ax.imshow(
        values, cmap=cmap, vmin=limits[0], vmax=limits[1], extent=extent, interpolation="nearest"
    )
    style.tidy(ax, title=title, x="site $i$", y="site $j$", colour=colour)
    style.count_in_ones(ax.xaxis, ax.yaxis)
    ax.spines[:].set_visible(False)
    return image


def covariance_triptych(generated: ArrayLike, exact: ArrayLike, floor: float) -> Figure:
    """Show the generated covariance, the exact one and their difference.

    The first two share one scale. The difference has its own, symmetric about zero; its title
    gives the Frobenius norm beside the floor.

    Args:
        generated: Covariance of the generated samples (d, d).
        exact: Exact covariance (d, d).
        floor: Root mean square of that norm under perfect samples of the same size.
    """
    first = arrays.array("generated", generated, ("d", "d"))
    arrays.array("generated", first, (len(first), len(first)))
    second = arrays.array("exact", exact, first.shape)
    difference = first - second
    limits = (float(min(first.min(), second.min())), float(max(first.max(), second.max())))
    largest = float(np.abs(difference).max()) or 1.0
    figure = style.new_figure(12, 4)
    left, centre, right = figure.subplots(1, 3)
    draw_covariance(
        left,
        first,
        limits=limits,
        cmap=style.SEQUENTIAL,
        title="generated covariance",
        colour=style.GENERATED,
    )
    image = draw_covariance(
        centre,
        second,
        limits=limits,
        cmap=style.SEQUENTIAL,
        title="exact covariance",
        colour=style.EXACT,
    )
    norm = np.linalg.norm(difference)
    apart = draw_covariance(
        right,
        difference,
        limits=(-largest, largest),
        cmap=style.DIVERGING,
        title=f"difference\nFrobenius norm {norm:.3g} (floor {floor:.3g})",
        colour=style.EXACT,
    )
    centre.set_ylabel("")
    right.set_ylabel("")
    for ax, drawn, label in (
        (centre, image, r"Cov$(x_i, x_j)$"),
        (right, apart, "generated − exact"),
    ):
        bar = figure.colorbar(drawn, cax=ax.inset_axes((1.04, 0, 0.05, 1)))
        bar.set_label(label, fontsize=style.LABEL)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=style.TICK, color=style.GREY)
    return figure


def covariance_row(matrices: Mapping[str, ArrayLike], exact: ArrayLike) -> Figure:
    """Show covariances side by side, the exact one last, all on one scale.

    Args:
        matrices: Covariances (d, d) by whose they are; each title gives the Frobenius norm of its
            difference from the exact one.
        exact: Exact covariance (d, d).
    """
    truth = arrays.array("exact", exact, ("d", "d"))
    shown = {name: arrays.array(name, matrix, truth.shape) for name, matrix in matrices.items()}
    every = [*shown.values(), truth]
    limits = float(min(m.min() for m in every)), float(max(m.max() for m in every))
    figure = style.new_figure(0.8 + 3.1 * len(every), 4)
    axes = figure.subplots(1, len(every), squeeze=False)[0]
    titles = [f"{name}\noff by {np.linalg.norm(m - truth):.3g}" for name, m in shown.items()]
    for ax, matrix, title in zip(axes, every, [*titles, "exact\n"], strict=True):
        image = draw_covariance(
            ax,
            matrix,
            limits=limits,
            cmap=style.SEQUENTIAL,
            title=title,
            colour=style.colour_of(title.splitlines()[0]),
        )
        if ax is not axes[0]:
            ax.set_ylabel("")
    bar = figure.colorbar(image, cax=axes[-1].inset_axes((1.04, 0, 0.05, 1)))
    bar.set_label(r"Cov$(x_i, x_j)$", fontsize=style.LABEL)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=style.TICK, color=style.GREY)
    return figure
