"""Generated points of the plane beside exact ones, where no density is known."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from truescore.errors import UserError
from truescore.plots import style
from truescore.plots.density import draw_points, say_what_is_outside


def points_plane(
    generated: ArrayLike, exact: ArrayLike, *, half_width: float, n_show: int = 2000
) -> Figure:
    """Show generated points of the plane beside exact ones, where no density is known.

    Args:
        generated: Generated points (n, 2).
        exact: Exact points (m, 2).
        half_width: The panels cover the square [-half_width, half_width]^2.
        n_show: How many of each set are drawn.
    """
    if not half_width > 0:
        raise UserError(f"half_width: got {half_width}, expected a number > 0.")
    figure = style.new_figure(9, 4.8)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    draw_points(left, generated, title="generated", colour=style.GENERATED, n_show=n_show)
    draw_points(right, exact, title="exact samples", colour=style.EXACT, n_show=n_show)
    for ax in (left, right):
        ax.set_aspect("equal")
        ax.set_xlim(-half_width, half_width)
        ax.set_ylim(-half_width, half_width)
    right.set_ylabel("")
    ends = np.array([-half_width, half_width])
    say_what_is_outside(left, np.asarray(generated), [ends, ends])
    return figure
