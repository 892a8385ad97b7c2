"""Variants of a sweep beside each other: how good each is, and what it costs."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from truescore.plots import style
from truescore.plots.scaling import draw_estimates, legend_of_all, log_limits
from truescore.study.cells import Study, where
from truescore.study.figures import SQUARES
from truescore.study.fits import Estimate, root
from truescore.study.scaling import COVARIANCE, MOMENTS, SCORE, Point, points

ENERGY = "energy_per_site"
JUDGED = {COVARIANCE: MOMENTS[COVARIANCE], ENERGY: "energy per site"}
PER = 1000


class Variant(NamedTuple):
    """What one variant does at one dimension and N.

    Attributes:
        name: such as ``sampler.steps=8``.
        dim: d.
        n_train: N.
        n_seeds: number of runs.
        points: of each error of ``JUDGED`` that the cells have, and of the score error.
        training: seconds of it, mean over seeds.
        sampling: seconds of 1,000 samples, mean over seeds.
        reach: sites to either side that the network sees; NaN if that is not known.
        correlation_length: of the law, in sites; NaN if it has none.
    """

    name: str
    dim: int
    n_train: int
    n_seeds: int
    points: dict[str, Point]
    training: float
    sampling: float
    reach: float
    correlation_length: float

    def cost(self, metric: str) -> float:
        """Seconds that an error is held against: of training for the score's, else of samples."""
        return self.training if metric == SCORE else self.sampling


def side_by_side(study: Study) -> list[Variant]:
    """Every variant at every dimension, by dimension; empty with one variant alone.

    At each dimension at one N: the one that most variants have, the largest of such. Variants
    without it are left out there.
    """
    names = sorted(study.cells["variant"].unique(), key=natural)
    if len(names) == 1:
        return []
    judged = {
        name: {metric: points(study, name, metric) for metric in (*JUDGED, SCORE)} for name in names
    }
    found = []
    for dim, cells in study.cells.groupby("dim"):
        sizes = cells.groupby("n_train")["variant"].nunique()
        n_train = max(sizes.index, key=lambda n: (sizes[n], n))
        for name in names:
            runs = where(cast(pd.DataFrame, cells), n_train=n_train, variant=name)
            if len(runs):
                size = int(cast(int, dim)), int(n_train)
                here = {metric: at[size] for metric, at in judged[name].items() if size in at}
                found.append(_variant(name, *size, here, runs))
    return found


def _variant(
    name: str, dim: int, n_train: int, points: dict[str, Point], rows: pd.DataFrame
) -> Variant:
    runs = rows.drop_duplicates("cell")
    columns = ("seconds_train", "seconds_sample", "n_generate", "reach", "correlation_length")
    training, sampling, n_generate, *scales = (
        float(runs[column].to_numpy(float).mean()) for column in columns
    )
    per_thousand = sampling / n_generate * PER
    return Variant(name, dim, n_train, len(runs), points, training, per_thousand, *scales)


def frontier(variants: Sequence[Variant], metric: str) -> list[Variant]:
    """Those that no other of the same dimension beats in both error and cost, by their estimates.

    From cheap to dear; the error falls along them.
    """
    having = [one for one in variants if metric in one.points]
    best: dict[int, float] = {}
    found = []
    for one in sorted(having, key=lambda v: (v.dim, v.cost(metric), v.points[metric].square.value)):
        square = one.points[metric].square.value
        if square < best.get(one.dim, math.inf):
            best[one.dim] = square
            found.append(one)
    return found


def natural(name: str) -> list[tuple[float, str]]:
    """A key that puts steps=8 before steps=16."""
    parts = re.split(r"(\d+\.?\d*)", name)
    return [(float(part), "") if part[:1].isdigit() else (math.inf, part) for part in parts]


def side_by_side_figure(study: Study, variants: list[Variant]) -> Figure:
    """Errors against what they cost: a row for each dimension.

    The model's own errors of samples against the time of 1,000 of them, with the floor of
    n_generate; the score error against the time of training.
    """
    dims = sorted({one.dim for one in variants})
    names = list(dict.fromkeys(one.name for one in variants))
    metrics = [m for m in (*JUDGED, SCORE) if any(m in one.points for one in variants)]
    figure = style.new_figure(3.9 * len(metrics), 3.3 * len(dims) + 0.5)
    axes = figure.subplots(len(dims), len(metrics), squeeze=False)
    colours = dict(zip(names, style.shades(len(names)), strict=True))
    for row, dim in zip(axes, dims, strict=True):
        for ax, metric in zip(row, metrics, strict=True):
            here = [one for one in variants if one.dim == dim and metric in one.points]
            if not here:
                ax.set_axis_off()
                continue
            values = [_shown(metric, one.points[metric]) for one in here]
            floor = math.sqrt(here[0].points[metric].floor_square)
            limits = log_limits([floor], *[(v.value, v.high) for v in values])
            for one, value in zip(here, values, strict=True):
                ends = [[math.nan if e is None else e] for e in (value.low, value.high)]
                place = names.index(one.name)
                draw_estimates(
                    ax,
                    [one.cost(metric)],
                    [value.value],
                    np.array(ends),
                    limits,
                    color=colours[one.name],
                    marker=style.marker(place),
                    label=one.name,
                )
            ax.set_xlim(*log_limits([one.cost(metric) for one in here]))
            best = frontier(here, metric)
            at = np.array([[v.cost(metric), _shown(metric, v.points[metric]).value] for v in best])
            ax.plot(
                at[:, 0],
                at[:, 1].clip(min=limits[0]),
                color=style.GREY,
                linewidth=1,
                linestyle="--",
                label="no other beats in both",
                zorder=2,
            )
            if floor:
                ax.axhline(floor, color=style.EXACT, linestyle="-.", linewidth=1)
            style.label_log_axis(ax, "x")
            style.label_log_axis(ax, "y")
            x = "training, s" if metric == SCORE else f"{PER:,} samples, s"
            y = SQUARES[study.state_space] if metric == SCORE else f"error of {JUDGED[metric]}"
            style.tidy(ax, title=f"d = {dim}, N = {here[0].n_train:,}", x=x, y=y)
    legend_of_all(figure, axes, 3)
    return figure


def _shown(metric: str, point: Point) -> Estimate:
    return point.square if metric == SCORE else root(point.square)
