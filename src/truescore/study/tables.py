"""The tables of a study's page: numbers of each size, fitted laws, an earlier study beside."""

import math

from truescore.study.cells import Study, where
from truescore.study.earlier import N_GENERATED, N_REFERENCE, THEIR_WAY, beside_earlier
from truescore.study.figures import slope, told_slope
from truescore.study.fits import FEWEST_FOR_OFFSET, root
from truescore.study.markdown import interval, number, table
from truescore.study.reach import beside
from truescore.study.scaling import (
    EXCESS_LOSS,
    MOMENTS,
    SCORE,
    Point,
    Series,
    common_slope,
    is_learned,
    series,
)

REACH = "reach / correlation length"
NATS = "nats per site"
SCORE_UNITS = {"spin": NATS, "categorical": NATS, "real": "relative L2"}


def numbers(study: Study, variant: str, found: dict[str, list[Series]]) -> str:
    """A row for each size: what is seen, what could be, what it cost."""
    moments = [name for name in MOMENTS if name in found]
    head = ["d", "N", "seeds", "n_generate"]
    for name in moments:
        short_name = MOMENTS[name].split(",")[0]
        head += [f"{short_name}: own error", "floor of N", "floor of n_generate"]
        head += ["efficiency"] if is_learned(study, name) else []
    head += [f"score error ({SCORE_UNITS[study.state_space]})", "excess loss", "training, s", REACH]
    points = {
        (name, p.dim, p.n_train): p for name, s in found.items() for one in s for p in one.points
    }
    cells = where(study.cells, variant=variant)
    rows = []
    for size, group in cells.groupby(["dim", "n_train"]):
        dim, n = (int(part) for part in size)  # type: ignore[misc]
        runs = group.drop_duplicates("cell")
        row = [str(dim), f"{n:,}", str(len(runs)), f"{int(runs['n_generate'].iloc[0]):,}"]
        for name in moments:
            row += _moment(points.get((name, dim, n)), is_learned(study, name))
        means = [
            group.loc[group["metric"] == name, "value"].mean() for name in (SCORE, EXCESS_LOSS)
        ]
        row += [
            *(number(mean) for mean in means),
            number(float(runs["seconds_train"].to_numpy(float).mean())),
        ]
        scales = (runs[key].to_numpy(float).mean() for key in ("reach", "correlation_length"))
        row.append(beside(*map(float, scales)))
        rows.append(row)
    return table(head, rows)


def _moment(point: Point | None, learned: bool) -> list[str]:
    if point is None:
        return ["-"] * (4 if learned else 3)
    data = math.nan if point.data_square is None else math.sqrt(point.data_square)
    floor = number(math.sqrt(point.floor_square))
    told = [interval(root(point.square)), number(data), floor]
    if learned:
        told.append(interval(point.efficiency) if point.efficiency else "-")
    return told


def fitted_laws(study: Study, variant: str, found: dict[str, list[Series]]) -> str:
    """A row for each error along N and along d: slope, what no N mends, slope without it."""
    rows = []
    learned = {name: along for name, along in found.items() if is_learned(study, name)}
    for name, along in learned.items():
        factor, label = _factor_and_label(study, name)
        for one in along:
            rows.append([label, f"d = {one.fixed}, in N", *_fit(one, factor)])
        common = common_slope(study, variant, name)
        if common is not None and not any(one.stays for one in along):
            power, n_cells = common
            shared = slope(power, factor)
            rows.append([label, "all d together, in N", "-", "-", shared, str(n_cells)])
    for name in MOMENTS:
        if name in learned:
            for one in series(study, variant, name, "dim"):
                if one.fit is not None:
                    at = f"N = {one.fixed:,}, in d"
                    rows.append([MOMENTS[name], at, *_fit(one, 0.5)])
    note = (
        "Slope and b are those of the error; for the score error those of the divergence, or of the"
        " squared relative L2 error that stands in its place for reals. Where data limit it, theory"
        " expects a slope of -1 (errors of moments: -1/2). b, what no N mends, is fitted with the"
        " slope; the last slope is that of a law without b; all d together share it, each with an"
        " amplitude of its own, where no d has a b that is seen. < or >: the interval's one end"
        " that the cells tell. No interval: as many parameters as cells, add seeds."
    )
    return table(["error", "along", "slope", "b", "slope if b = 0", "cells"], rows) + f"\n\n{note}"


def _factor_and_label(study: Study, metric: str) -> tuple[float, str]:
    """What turns the power of a square into the slope that is told, and the error's name."""
    if metric != SCORE:
        return 0.5, MOMENTS[metric]
    return 1.0, "score error, squared" if study.state_space == "real" else "score error"


def _fit(one: Series, factor: float) -> list[str]:
    if one.fit is None:
        return [told_slope(None, factor), "-", "-", str(len(one.points))]
    if one.axis == "dim":
        offset = "-"
    elif one.fit.offset is None:
        offset = f"0 (fewer than {FEWEST_FOR_OFFSET} N)"
    elif factor == 1.0:
        offset = interval(one.fit.offset)
    else:
        offset = interval(root(one.fit.offset))
    slopes = [told_slope(fit, factor).removeprefix("slope ") for fit in (one.fit, one.plain_fit)]
    return [slopes[0], offset, slopes[1], str(one.fit.n_cells)]


def earlier_study(study: Study, variant: str) -> str | None:
    """Both studies in the earlier one's way of measuring; ``None`` if there is none."""
    rows = beside_earlier(study, variant)
    if rows is None:
        return None
    head = ["d", "N", "earlier: mean", "covariance", "here: mean, L2", "covariance"]
    head += ["floor of here: mean", "covariance"]
    columns = ["earlier_mean", "earlier_covariance", "mean", "covariance"]
    columns += ["mean_floor", "covariance_floor"]
    lines = [
        [str(row["dim"]), f"{row['n_train']:,}", *(number(row[column]) for column in columns)]
        for row in rows.to_dict("records")
    ]
    note = (
        "An earlier study, not published, compared sets of samples. Here:"
        f" {N_GENERATED:,} generated ones against {N_REFERENCE:,} exact ones,"
        f" {THEIR_WAY[study.law]}; means over seeds. Floors: what two sets of *perfect* samples"
        " show so (root mean square). About that size, such numbers say nothing of a model; the"
        " tables above are against the exact law."
    )
    return f"{table(head, lines)}\n\n{note}"
