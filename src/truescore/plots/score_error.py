"""The error of the score against the oracle, over the noise level."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from truescore.errors import UserError
from truescore.plots import arrays, style

# A process whose log-SNR spans less has one noise level: ticks would tell its digits apart.
ONE_LEVEL = 0.1
UNITS = {
    "spin": "score error (KL, nats per site)",
    "categorical": "score error (KL, nats per site)",
    "real": "score error (relative $L^2$)",
}


def draw_score_error(
    ax: Axes,
    log_snr: ArrayLike,
    error: ArrayLike,
    standard_error: ArrayLike,
    baselines: Mapping[str, ArrayLike],
    state_space: str,
) -> None:
    """Draw the score error over the log-SNR; arguments as in ``score_error_curve``."""
    if state_space not in UNITS:
        raise UserError(f"state_space: got {state_space!r}, expected one of {tuple(UNITS)}.")
    level = arrays.array("log_snr", log_snr, ("levels",))
    shape = level.shape
    order = np.argsort(level)
    level = level[order]
    value = arrays.array("error", error, shape)[order]
    half = style.Z95 * arrays.array("standard_error", standard_error, shape)[order]
    others = {name: arrays.array(name, curve, shape)[order] for name, curve in baselines.items()}
    every = np.concatenate([value, *others.values()])
    every = every[np.isfinite(every) & (every > 0)]
    if not len(every):
        raise UserError("error: got no positive value, expected some to stand on a log axis.")
    ax.set_yscale("log")
    bottom, top = every.min() / 2, every.max() * 2
    line = np.where(value > 0, value, np.nan)
    # Bars with caps, which are seen where the interval is narrower than the line.
    below = np.minimum(half, np.maximum(value - bottom / 10, 0))
    bars = {"ecolor": style.GENERATED, "elinewidth": 1.2, "capsize": 4, "zorder": 3}
    ax.errorbar(level, line, np.stack([below, half]), fmt="none", **bars)
    ax.plot(
        level,
        line,
        "o-",
        color=style.GENERATED,
        markersize=4,
        linewidth=1.6,
        label="model, 95% interval",
        zorder=4,
    )
    styles = style.baseline_styles(list(others))
    for name, curve in others.items():
        look = styles[name]
        ax.plot(
            level,
            np.where(curve > 0, curve, np.nan),
            color=look.colour,
            linestyle=look.line,
            marker=look.marker,
            markersize=3.5,
            linewidth=1.2,
            label=name,
        )
    ax.set_ylim(bottom, top)
    if np.ptp(level) < ONE_LEVEL:
        ax.set_xlim(level.mean() - 1, level.mean() + 1)
    style.label_log_axis(ax, "y")
    x = r"log-SNR of $x_t$   (noise $\leftarrow\;\rightarrow$ data)"
    style.tidy(ax, x=x, y=UNITS[state_space])


def score_error_curve(
    log_snr: ArrayLike,
    error: ArrayLike,
    standard_error: ArrayLike,
    baselines: Mapping[str, ArrayLike],
    state_space: str,
) -> Figure:
    """Show how far the score is from the exact one at every noise level (0 is the exact law).

    Args:
        log_snr: Log signal-to-noise ratios (L,).
        error: The model's error at each (L,): KL per site for spins, relative L2 for reals.
        standard_error: Its standard error (L,); the bars are 1.96 of it on either side.
        baselines: Errors (L,) of other score functions, by name.
        state_space: ``"spin"``, ``"categorical"`` or ``"real"``, which sets the unit.
    """
    figure = style.new_figure(7, 4.2)
    ax = figure.subplots()
    draw_score_error(ax, log_snr, error, standard_error, baselines, state_space)
    style.legend_above(ax)
    return figure
