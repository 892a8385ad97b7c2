"""How an error depends on the number of training samples and on the dimension."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from truescore.metrics.verdict import LEVEL
from truescore.study.cells import Study, where
from truescore.study.fits import (
    Estimate,
    PowerLaw,
    fit_common_power,
    fit_power_law,
    mean_over_seeds,
)

MEAN, COVARIANCE, SCORE = "mean_l2", "cov_frobenius", "score_error"
EXCESS_LOSS = "excess_loss"
MOMENTS = {MEAN: "mean, L2", COVARIANCE: "covariance, Frobenius"}
BASELINE = "training_data"


class Point(NamedTuple):
    """The runs of one size, whatever their seed, in squares.

    Attributes:
        dim: d.
        n_train: N.
        n_generate: number of samples that each was judged by.
        n_seeds: number of runs.
        n_seen: how many of them show an error by their own p-value, as their verdicts do.
        square: the model's own: mean over seeds of value^2 - floor^2, with Student's interval; of
            one run its own interval, which knows nothing of other training sets.
        data_square: expected square of the error of N exact samples; ``None`` for the score.
        floor_square: that of n_generate exact samples.
    """

    dim: int
    n_train: int
    n_generate: int
    n_seeds: int
    n_seen: int
    square: Estimate
    data_square: float | None
    floor_square: float

    @property
    def efficiency(self) -> Estimate | None:
        """Exact squared error of N samples over the model's own; infinite if that may be 0.

        1: the model knows its law as well as the training samples' own moments do; 0.5: as half as
        many.
        """
        if self.data_square is None:
            return None
        value, low, high = (
            None if end is None else self.data_square / end if end > 0 else np.inf
            for end in self.square
        )
        return Estimate(np.inf if value is None else value, high, low)


class Series(NamedTuple):
    """One error along one axis of the grid.

    Attributes:
        metric: its name.
        axis: ``n_train`` or ``dim``.
        fixed: the other one.
        points: along the axis, in its order.
        fit: of all runs; ``None`` with fewer than two sizes.
        plain_fit: the same without an offset b.
    """

    metric: str
    axis: str
    fixed: int
    points: list[Point]
    fit: PowerLaw | None
    plain_fit: PowerLaw | None

    @property
    def stays(self) -> bool:
        """Whether a part of it is seen that no N mends."""
        offset = None if self.fit is None else self.fit.offset
        return offset is not None and offset.low is not None and offset.low > 0


def series(study: Study, variant: str, metric: str, axis: str) -> list[Series]:
    """A metric along ``n_train`` at each dimension, or along ``dim`` at each ``n_train``.

    The score error of spins and states is a divergence, a square by nature, and taken as it is; the
    relative error of reals is squared.
    """
    other = "dim" if axis == "n_train" else "n_train"
    found = []
    for fixed, at in _squares(study, variant, metric).groupby(other):
        square, floor = (at[name].to_numpy(float) for name in ("value_square", "floor_square"))
        x = at[axis].to_numpy(float)
        fit = plain_fit = None
        if len(set(x)) > 1:
            fit = fit_power_law(x, square, floor, with_offset=axis == "n_train")
            plain_fit = fit
            if fit.offset is not None:
                plain_fit = fit_power_law(x, square, floor, with_offset=False)
        squared = _is_squared(study, metric)
        each = [_point(group, squared) for _, group in at.groupby(axis)]
        found.append(Series(metric, axis, int(fixed), each, fit, plain_fit))  # type: ignore[arg-type]
    return found


def is_learned(study: Study, metric: str) -> bool:
    """Whether a model can be wrong in it; in a mean that symmetry makes exact it cannot."""
    return not (metric == MEAN and study.mean_is_exact)


def common_slope(study: Study, variant: str, metric: str) -> tuple[Estimate, int] | None:
    """The power of squares in N that all dimensions share, without offset, and its cells.

    ``None`` unless two dimensions have several sizes each, or if the cells do not tell it.
    """
    columns = []
    for _, at in _squares(study, variant, metric).groupby("dim"):
        names = "n_train", "value_square", "floor_square"
        x, square, floor = (at[name].to_numpy(float) for name in names)
        if len(set(x)) > 1:
            columns.append((x, square, floor))
    if len(columns) < 2:
        return None
    power = fit_common_power(columns)
    ends = power.low, power.high
    told = all(end is not None and math.isfinite(end) for end in ends)
    return (power, sum(len(x) for x, *_ in columns)) if told else None


def points(study: Study, variant: str, metric: str) -> dict[tuple[int, int], Point]:
    """A metric at each ``(dim, n_train)``, with no law fitted."""
    squared = _is_squared(study, metric)
    groups = _squares(study, variant, metric).groupby(["dim", "n_train"])
    each = [_point(group, squared) for _, group in groups]
    return {(point.dim, point.n_train): point for point in each}


def _is_squared(study: Study, metric: str) -> bool:
    return metric != SCORE or study.state_space == "real"


def _squares(study: Study, variant: str, metric: str) -> pd.DataFrame:
    """Rows of a metric with ``value_square``, ``floor_square`` and their difference ``square``."""
    rows = where(study.cells.query("value > 0"), variant=variant, metric=metric)
    value = rows["value"].to_numpy(float) ** (2 if _is_squared(study, metric) else 1)
    floor = rows["floor"].to_numpy(float) ** 2
    return rows.assign(value_square=value, floor_square=floor, square=value - floor)


def _point(group: pd.DataFrame, squared: bool) -> Point:
    first = group.iloc[0]
    square = mean_over_seeds(group["square"].to_numpy(float))
    if len(group) == 1 and pd.notna(first["ci_low"]):
        low, high = float(first["ci_low"]), float(first["ci_high"])
        ends = (low * abs(low), high * abs(high)) if squared else (low, high)
        square = Estimate(square.value, *ends)
    data = first.get(f"{BASELINE}_floor")
    return Point(
        int(first["dim"]),
        int(first["n_train"]),
        int(first["n_generate"]),
        len(group),
        int(np.sum(group["p_value"].to_numpy(float) < LEVEL)),
        square,
        float(data) ** 2 if data is not None and pd.notna(data) else None,
        float(first["floor"]) ** 2,
    )
