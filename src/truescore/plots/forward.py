"""The forward process on spins: the same samples at several times."""

from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from truescore.errors import UserError
from truescore.plots import arrays, style
from truescore.plots.samples import draw_samples


def forward_spins(times: ArrayLike, spins: ArrayLike, *, n_show: int = 24) -> Figure:
    """Show how noise takes hold of samples: a raster for each time, a row for each sample.

    Args:
        times: Times (k,), increasing.
        spins: Samples at each of them (k, n, d), row i of each that of the same path.
        n_show: How many samples, from the first.
    """
    t = arrays.array("times", times, ("k",))
    points = arrays.array("spins", spins, (len(t), "n", "d"))
    if n_show < 1:
        raise UserError(f"n_show: got {n_show}, expected at least 1.")
    figure = style.new_figure(0.6 + 2.4 * len(t), 3.6)
    axes = figure.subplots(1, len(t), squeeze=False)[0]
    for ax, time, x in zip(axes, t, points, strict=True):
        title = f"$t$ = {time:.2g}"
        draw_samples(ax, x, "spin", title=title, colour=style.DATA, n_show=n_show)
        ax.set_xlabel("site")
        if ax is not axes[0]:
            ax.set_ylabel("")
            ax.tick_params(labelleft=False)
    title = "the forward process on training data (black +1, white −1)"  # noqa: RUF001
    figure.suptitle(title, fontsize=style.TITLE)
    return figure
