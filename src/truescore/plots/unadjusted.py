"""The unadjusted chain beside direct samples, and its error against its step."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from numpy.typing import ArrayLike

from truescore.plots import arrays, style

# Radius that holds 95% of a Gaussian in the plane, in standard deviations: sqrt(-2 log 0.05).
RADIUS_95 = 2.447746830680816


def draw_ellipse(ax: Axes, covariance: ArrayLike, **options: object) -> None:
    """Draw the ellipse that holds 95% of N(0, covariance) in the plane."""
    spectrum, basis = np.linalg.eigh(arrays.array("covariance", covariance, (2, 2)))
    width, height = 2 * RADIUS_95 * np.sqrt(spectrum)
    angle = float(np.degrees(np.arctan2(basis[1, 0], basis[0, 0])))
    settings: dict[str, object] = {"fill": False, "linewidth": 1.6, **options}
    ax.add_patch(Ellipse((0, 0), width, height, angle=angle, **settings))  # pyright: ignore


def chain_beside_direct(
    chain: ArrayLike, direct: ArrayLike, chain_law: ArrayLike, law: ArrayLike, answer: str
) -> Figure:
    """Show a chain's ends beside direct samples of its centred Gaussian target.

    Args:
        chain: Ends of the chains (n, 2), about the target's mean.
        direct: Direct samples (m, 2), about the target's mean.
        chain_law: Exact covariance of the chain's ends (2, 2).
        law: Covariance of the target (2, 2).
        answer: Whether they look alike, for the figure's title.
    """
    ends = arrays.array("chain", chain, ("n", 2))
    exact = arrays.array("direct", direct, ("m", 2))
    figure = style.new_figure(8.6, 5)
    figure.set_layout_engine("constrained", h_pad=0.1)
    reach = 1.05 * max(np.abs(ends).max(), np.abs(exact).max())
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    shown = ((ends, "unadjusted Langevin", style.GENERATED), (exact, "direct samples", style.EXACT))
    for ax, (points, name, colour) in zip(panels, shown, strict=True):
        ax.scatter(*points.T, s=7, color=colour, alpha=0.5, linewidths=0)
        draw_ellipse(ax, law, edgecolor=style.EXACT, label="target, exact: 95% inside")
        ax.set_aspect("equal")
        ax.set_xlim(-reach, reach)
        ax.set_ylim(-reach, reach)
        style.tidy(ax, title=f"{name}, $n$ = {len(points):,}", x="$x_1$", y="$x_2$", colour=colour)
    options = {"edgecolor": style.OFF, "linestyle": "--", "label": "chain, exact: 95% inside"}
    draw_ellipse(panels[0], chain_law, **options)
    for ax in panels:
        ax.label_outer()
    handles, labels = panels[0].get_legend_handles_labels()
    legend = {"ncols": 2, "frameon": False, "fontsize": style.TICK}
    figure.legend(handles, labels, loc="outside lower center", **legend)
    figure.suptitle(answer, fontsize=style.TITLE)
    return figure


def wasserstein_against_step(
    tau: ArrayLike,
    finite: ArrayLike,
    stationary: ArrayLike,
    *,
    steps: int,
    best: tuple[float, float],
    used: tuple[float, float],
    limit: float,
) -> Figure:
    """Show the Wasserstein-2 error of the unadjusted chain against its step.

    Args:
        tau: Steps (m,).
        finite: Error after ``steps`` steps (m,).
        stationary: Error of the chain's stationary law (m,).
        steps: K.
        best: The best step for K steps, and its error.
        used: The step of the samples, and its error.
        limit: The step from which on the chain runs away.
    """
    x = arrays.array("tau", tau, ("m",))
    after = arrays.array("finite", finite, (len(x),))
    forever = arrays.array("stationary", stationary, (len(x),))
    figure = style.new_figure(7, 4.4)
    ax = figure.subplots()
    ax.plot(x, after, color=style.GENERATED, linewidth=1.8, label=f"$K$ = {steps} steps")
    ax.plot(x, forever, "--", color=style.EXACT, linewidth=1.4, label=r"$K = \infty$: bias alone")
    label = rf"best for $K$ = {steps}: $\tau$ = {best[0]:.3f}, $W_2$ = {best[1]:.3f}"
    ax.plot(*best, "*", color=style.OFF, markersize=13, label=label, linestyle="none")
    if used != best:
        label = rf"the samples': $\tau$ = {used[0]:.3g}, $W_2$ = {used[1]:.3f}"
        ax.plot(*used, "o", color=style.GENERATED, markersize=7, label=label, linestyle="none")
    ax.axvline(limit, color=style.GREY, linewidth=1.2)
    ax.axvspan(limit, 1.05 * limit, color=style.PALE)
    ax.annotate(
        rf"runs away from $\tau$ = 4 min($\lambda$) = {limit:.3g}",
        (limit, 0.03),
        xycoords=("data", "axes fraction"),
        xytext=(-4, 0),
        textcoords="offset points",
        rotation=90,
        ha="right",
        fontsize=8,
        color=style.GREY,
    )
    ax.set_xlim(0, 1.05 * limit)
    ax.set_yscale("log")
    shown = np.concatenate([after, forever])
    ax.set_ylim(0.5 * min(after.min(), best[1]) / 2, 1.6 * np.quantile(shown, 0.99))
    style.label_log_axis(ax, "y")
    style.tidy(ax, x=r"step $\tau$", y="Wasserstein-2 distance to the target")
    style.legend_above(ax, columns=2)
    return figure
