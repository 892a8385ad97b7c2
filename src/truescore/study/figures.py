"""The figures of a study: from its series to axes for ``truescore.plots``."""

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from truescore.plots import style
from truescore.plots.scaling import (
    draw_estimates,
    draw_guide,
    legend_of_all,
    legend_on_top,
    log_limits,
    mark_sizes,
    short,
)
from truescore.plots.score_error import UNITS
from truescore.study.cells import Study, where
from truescore.study.fits import Estimate, PowerLaw, mean_over_seeds, root
from truescore.study.scaling import EXCESS_LOSS, MOMENTS, SCORE, Series, is_learned, series

WIDTH, HEIGHT = 3.7, 3.4
PANELS_A_ROW = 3
STEP_ASIDE = 0.018
"""Part of a logarithmic axis between two estimates at one size."""
N_TIMES = 5
N_TRAIN, DIM = "number of training samples $N$", "dimension $d$"
SQUARES = {
    "spin": UNITS["spin"],
    "categorical": UNITS["categorical"],
    "real": "score error squared (relative $L^2$)",
}


def study_figures(study: Study, variant: str) -> dict[str, Figure]:
    """All figures that the cells of a variant allow, by name."""
    moments = [name for name in MOMENTS if series(study, variant, name, "n_train")]
    figures = {}
    if moments:
        figures["error_against_n"] = _against_n(study, variant, moments)
        learned = [name for name in moments if is_learned(study, name)]
        figures["efficiency"] = _efficiency(study, variant, learned or moments)
        if len(set(study.cells["dim"])) > 1:
            figures["error_against_d"] = _against_d(study, variant, learned or moments)
    if found := series(study, variant, SCORE, "n_train"):
        figures["score_error_against_n"] = _score_against_n(study, found)
    if _excess(study, variant).size:
        figures["excess_loss_against_n"] = _excess_against_n(study, variant)
    if len(study.curves):
        figures["score_error_over_snr"] = _score_over_snr(study, variant)
    return figures


def told_slope(fit: PowerLaw | None, factor: float) -> str:
    """A fitted slope with its interval, or the end that is told: ``factor`` times the power."""
    if fit is None:
        return "one size: no slope"
    if _is_told(fit):
        return f"slope {slope(fit.power, factor)}"
    low, high = fit.power.low, fit.power.high
    if fit.found and high is not None and math.isfinite(high):
        return f"slope < {factor * high:.2f}"
    if fit.found and low is not None and math.isfinite(low):
        return f"slope > {factor * low:.2f}"
    return "slope not told"


def slope(power: Estimate, factor: float) -> str:
    """``factor`` times the power of a square, with its interval if there is one."""
    value, low, high = (None if end is None else factor * end for end in power)
    ends = "" if low is None or high is None else f" [{low:.2f}, {high:.2f}]"
    return f"{value:.2f}{ends}"


def _is_told(fit: PowerLaw | None) -> bool:
    return fit is not None and fit.found and (fit.power.low is None or fit.told)


def _against_n(study: Study, variant: str, moments: list[str]) -> Figure:
    found = {name: series(study, variant, name, "n_train") for name in moments}
    columns, rows = _wrapped(max(len(s) for s in found.values()))
    figure, axes = _grid(len(moments) * rows, columns)
    for panels, name in zip(axes.reshape(len(moments), -1), moments, strict=True):
        for ax in panels[len(found[name]) :]:
            ax.set_axis_off()
        for ax, one in zip(panels, found[name], strict=False):
            n = _sizes(one)
            data = np.array([math.sqrt(p.data_square or math.nan) for p in one.points])
            floor = np.array([math.sqrt(p.floor_square) for p in one.points])
            own = [root(p.square) for p in one.points]
            limits = log_limits(data, floor, *[(v.value, v.high) for v in own])
            _estimates(ax, n, own, limits, "model's own (debiased)", style.GENERATED)
            if one.fit is not None and _is_told(one.fit):
                _law(ax, one.fit, n, True, style.GENERATED, "fitted law")
            many = len(n) > 1
            ax.plot(
                n,
                data,
                color=style.DATA,
                linestyle="--",
                marker="" if many else "X",
                label="moments of the $N$ data (exact floor)",
            )
            ax.plot(
                n,
                floor,
                color=style.EXACT,
                linestyle="-.",
                linewidth=1,
                marker="" if many else "_",
                label=r"$n_\mathrm{generate}$ perfect samples",
            )
            guide = next((v.value for v in own if v.value > 0), float(floor[0]))
            if many and _is_told(one.fit):
                draw_guide(ax, n, -0.5, (n[0], 1.25 * guide), r"$1/\sqrt{N}$")
            mark_sizes(ax, n.tolist())
            style.label_log_axis(ax, "y")
            title = f"d = {one.fixed}: {told_slope(one.fit, 0.5)}"
            style.tidy(ax, title=title, x=N_TRAIN, y=f"error of {MOMENTS[name]}")
    legend_of_all(figure, axes, axes.shape[1])
    return figure


def _efficiency(study: Study, variant: str, moments: list[str]) -> Figure:
    figure, axes = _wide(len(moments))
    for ax, name in zip(axes[0], moments, strict=True):
        found = series(study, variant, name, "n_train")
        values = {
            one.fixed: [p.efficiency or Estimate(math.nan) for p in one.points] for one in found
        }
        limits = log_limits([1.0], *[(v.value, v.low) for each in values.values() for v in each])
        colours = style.shades(len(found))
        sizes: set[float] = set()
        for place, (one, colour) in enumerate(zip(found, colours, strict=True)):
            n = _sizes(one)
            sizes |= set(n.tolist())
            shifted = _beside(n, place, len(found), study, "n_train")
            _estimates(ax, shifted, values[one.fixed], limits, f"d = {one.fixed}", colour, place)
        ax.axhline(1, color=style.EXACT, linewidth=1, label="$N$ exact samples")
        mark_sizes(ax, sorted(sizes))
        style.label_log_axis(ax, "y")
        y = r"(floor of $N$ / model's own)$^2$"
        style.tidy(ax, title=f"efficiency, {MOMENTS[name]}", x=N_TRAIN, y=y)
    legend_of_all(figure, axes, 1 + len(moments))
    return figure


def _against_d(study: Study, variant: str, moments: list[str]) -> Figure:
    figure, axes = _wide(len(moments))
    for ax, name in zip(axes[0], moments, strict=True):
        found = series(study, variant, name, "dim")
        roots = [[root(p.square) for p in one.points] for one in found]
        limits = log_limits(*[(v.value, v.high) for each in roots for v in each])
        sizes: set[float] = set()
        shades = style.shades(len(found))
        for place, (one, own, colour) in enumerate(zip(found, roots, shades, strict=True)):
            d = _sizes(one)
            sizes |= set(d.tolist())
            label = f"N = {short(one.fixed)}: {told_slope(one.fit, 0.5)}"
            at = _beside(d, place, len(found), study, "dim")
            _estimates(ax, at, own, limits, label, colour, place)
            if one.fit is not None and _is_told(one.fit):
                _law(ax, one.fit, d, True, colour)
        mark_sizes(ax, sorted(sizes))
        style.label_log_axis(ax, "y")
        style.tidy(ax, x=DIM, y=f"error of {MOMENTS[name]}")
        legend_on_top(ax, 7)
    return figure


def _score_against_n(study: Study, found: Sequence[Series]) -> Figure:
    figure, ((ax,),) = _wide(1)
    limits = log_limits(*[p.square[::2] for one in found for p in one.points])
    sizes: set[float] = set()
    for place, (one, colour) in enumerate(zip(found, style.shades(len(found)), strict=True)):
        n = _sizes(one)
        sizes |= set(n.tolist())
        label = f"d = {one.fixed}: {told_slope(one.fit, 1.0)}"
        values = [p.square for p in one.points]
        at = _beside(n, place, len(found), study, "n_train")
        _estimates(ax, at, values, limits, label, colour, place)
        if one.fit is not None and _is_told(one.fit):
            _law(ax, one.fit, n, False, colour)
    n = np.array(sorted(sizes))
    draw_guide(ax, n, -1.0, (n[0], limits[1] / 2), "theory: slope -1")
    mark_sizes(ax, n.tolist())
    style.label_log_axis(ax, "y")
    style.tidy(ax, x=N_TRAIN, y=SQUARES[study.state_space])
    legend_on_top(ax, 8)
    return figure


def _excess(study: Study, variant: str) -> pd.DataFrame:
    rows = where(study.cells, variant=variant, metric=EXCESS_LOSS)
    return cast(pd.DataFrame, rows.dropna(subset=["value"]))


def _excess_against_n(study: Study, variant: str) -> Figure:
    """Means over seeds; of one seed its own interval, that of its held-out samples."""
    figure, ((ax,),) = _wide(1)
    found = [
        (cast(int, d), [_mean_excess(at) for _, at in rows.groupby("n_train")], rows)
        for d, rows in _excess(study, variant).groupby("dim")
    ]
    limits = log_limits(*[(v.value, v.high) for _, values, _ in found for v in values])
    sizes: set[float] = set()
    for place, (d, values, rows) in enumerate(found):
        n = np.array(sorted(set(rows["n_train"])), dtype=np.float64)
        sizes |= set(n.tolist())
        colour = style.shades(len(found))[place]
        at = _beside(n, place, len(found), study, "n_train")
        _estimates(ax, at, values, limits, f"d = {d}", colour, place)
    mark_sizes(ax, sorted(sizes))
    style.label_log_axis(ax, "y")
    style.tidy(ax, x=N_TRAIN, y="loss above the exact score's (in its units)")
    legend_on_top(ax, 8, 3)
    return figure


def _mean_excess(rows: pd.DataFrame) -> Estimate:
    if len(rows) > 1:
        return mean_over_seeds(rows["value"].to_numpy(float))
    value, low, high = (float(rows[key].iloc[0]) for key in ("value", "ci_low", "ci_high"))
    return Estimate(value) if math.isnan(low) else Estimate(value, low, high)


def _score_over_snr(study: Study, variant: str) -> Figure:
    curves = where(study.curves, variant=variant)
    dims = sorted(set(curves["dim"]))
    columns, rows = _wrapped(len(dims))
    figure, axes = _grid(rows, columns)
    for ax in axes.flat[len(dims) :]:
        ax.set_axis_off()
    limits = log_limits(curves["error"])
    sizes = sorted(set(curves["n_train"]))
    colours = dict(zip(sizes, style.shades(len(sizes)), strict=True))
    for ax, dim in zip(axes.flat, dims, strict=False):
        for n, rows in where(curves, dim=dim).groupby("n_train"):
            # Processes whose prior is fitted start at slightly different levels.
            runs = [run.sort_values("log_snr") for _, run in rows.groupby("cell")]
            level = np.mean([run["log_snr"].to_numpy() for run in runs], axis=0)
            error = np.mean([run["error"].to_numpy() for run in runs], axis=0)
            ax.plot(
                level,
                error,
                color=colours[n],
                marker=style.marker(sizes.index(n)),
                markersize=3,
                linewidth=1.3,
                label=f"N = {short(cast(float, n))}",
            )
        ax.set(yscale="log", ylim=limits)
        style.label_log_axis(ax, "y")
        _times(ax, cast(pd.DataFrame, where(curves, dim=dim)))
        x = r"log-SNR   (noise $\leftarrow\;\rightarrow$ data)"
        style.tidy(ax, title=f"d = {dim}", x=x, y=UNITS[study.state_space])
        style.legend(ax, fontsize=8)
    return figure


def _times(ax: Axes, curves: pd.DataFrame) -> None:
    """The process's times on the upper edge, at some of the levels of the first run."""
    first = where(curves, cell=curves["cell"].iloc[0]).sort_values("log_snr")
    at = first.iloc[np.linspace(0, len(first) - 1, N_TIMES).round().astype(int)]
    upper = ax.secondary_xaxis("top")
    upper.set_xticks(at["log_snr"], [f"{t:.2g}" for t in at["time"]])
    upper.tick_params(labelsize=style.TICK, color=style.GREY)
    upper.set_xlabel("time $t$", fontsize=style.LABEL)
    upper.spines["top"].set_color(style.GREY)


def _wrapped(panels: int) -> tuple[int, int]:
    """Columns and rows of so many panels: more than three a row are unreadable on a page."""
    rows = math.ceil(panels / PANELS_A_ROW)
    return math.ceil(panels / rows), rows


def _grid(rows: int, columns: int) -> tuple[Figure, np.ndarray]:
    figure = style.new_figure(max(WIDTH * columns, 4.2), HEIGHT * rows + 0.4)
    return figure, figure.subplots(rows, columns, squeeze=False)


def _wide(columns: int) -> tuple[Figure, np.ndarray]:
    """Panels that hold the series of all dimensions or sizes."""
    figure = style.new_figure(5.6 * columns, 4.2)
    return figure, figure.subplots(1, columns, squeeze=False)


def _sizes(one: Series) -> np.ndarray:
    return np.array([getattr(point, one.axis) for point in one.points], dtype=np.float64)


def _beside(x: np.ndarray, place: int, of: int, study: Study, axis: str) -> np.ndarray:
    """Sizes moved a little to the left or right, so that no estimate is behind another."""
    sizes = np.asarray(study.cells[axis], dtype=np.float64)
    span = max(sizes.max() / sizes.min(), 10.0)
    return x * span ** (STEP_ASIDE * (place - (of - 1) / 2))


def _estimates(
    ax: Axes,
    x: np.ndarray,
    values: Sequence[Estimate],
    limits: tuple[float, float],
    label: str,
    colour: Any,
    place: int | None = None,
) -> None:
    marker = "o" if place is None else style.marker(place)
    ends = [[math.nan if e is None else e for e in (v.low, v.high)] for v in values]
    draw_estimates(
        ax,
        x,
        [v.value for v in values],
        np.array(ends).T,
        limits,
        color=colour,
        marker=marker,
        label=label,
    )


def _law(
    ax: Axes, fit: PowerLaw, x: np.ndarray, rooted: bool, colour: Any, label: str | None = None
) -> None:
    grid = np.geomspace(x.min(), x.max(), 60)
    y = np.sqrt(fit(grid)) if rooted else fit(grid)
    y = np.where(y > 0, y, np.nan)
    ax.plot(grid, y, color=colour, linewidth=1.3, alpha=0.8, label=label, zorder=2)
