"""What limits a model, said in words from its points and fits."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from truescore.study.cells import Study
from truescore.study.figures import slope
from truescore.study.markdown import table
from truescore.study.scaling import MOMENTS, SCORE, Point, Series, common_slope, is_learned

THEORY = -1.0  # of squares in N, where data alone limit

NOT_TOLD = "The cells are too close to the floor to tell how it changes with N."
# A score error has no floor.
SCATTERED = "The cells scatter too much to tell how it changes with N."
NO_FALL = "The slope's interval holds 0: these cells do not show that more N helps."


class Outlook(NamedTuple):
    """What more training samples would bring.

    Attributes:
        limit: what limits the model, in a word or two.
        sentence: the same for people who ask why.
    """

    limit: str
    sentence: str


DATA, FIXED, OPEN = "data", "a fixed part", "not told"
# What limits errors of samples, and those of scores, which no sampler draws.
OTHERS = {
    0.5: "the network, the length of the training or the sampler's steps limit",
    1.0: "the network or the length of the training limits",
}


def in_short(study: Study, found: Mapping[str, Sequence[Series]]) -> str:
    """A table of what limits each error in each dimension, or nothing if no error has a series.

    Args:
        study: says whether all networks are odd, whose mean is exact.
        found: series along ``n_train``, by metric.
    """
    shown = {
        name: {one.fixed: one for one in found[name]}
        for name in (*MOMENTS, SCORE)
        if found.get(name) and is_learned(study, name)
    }
    dims = sorted({dim for each in shown.values() for dim in each})
    head = ["d", *(MOMENTS.get(name, SCORE.replace("_", " ")) for name in shown)]
    rows = [
        [
            str(dim),
            *(_limit(each[dim], name) if dim in each else "-" for name, each in shown.items()),
        ]
        for dim in dims
    ]
    return table(head, rows) if rows else ""


def what_limits(study: Study, found: Mapping[str, Sequence[Series]]) -> list[str]:
    """One line for each error and dimension, about its largest N; one for a mean that is exact.

    Args:
        study: gives the state space.
        found: series along ``n_train``, by metric.
    """
    lines = []
    for name, label in MOMENTS.items():
        if not is_learned(study, name) and found.get(name):
            lines.append(f"**{label}.** {_of_exact(found[name])}")
            continue
        for one in found.get(name, ()):
            lines.append(f"**{label}, d = {one.fixed}.** {_of_moment(one)}")
    for one in found.get(SCORE, ()):
        lines.append(f"**score, d = {one.fixed}.** {_of_score(one, study.state_space)}")
    return lines


def what_all_tell(study: Study, variant: str, found: Mapping[str, Sequence[Series]]) -> list[str]:
    """One line for each error whose fall in N all dimensions together tell, if it has no plateau.

    Args:
        study: gives the cells.
        variant: whose cells.
        found: series along ``n_train``, by metric.
    """
    lines = []
    for name in (*MOMENTS, SCORE):
        stays = any(one.stays for one in found.get(name, ()))
        common = common_slope(study, variant, name) if name in found else None
        if common is None or stays or not is_learned(study, name):
            continue
        power, _ = common
        low, high = power.low, power.high
        if low is None or high is None:
            continue
        factor, label = (1.0, "score") if name == SCORE else (0.5, MOMENTS[name])
        pace = _pace(low, high)
        lines.append(
            f"**{label}, all d together.** If one slope holds for all, and nothing stays however"
            f" large N is, it is {slope(power, factor)}: {pace} where data alone limit it"
            f" ({_power(factor)})."
        )
    return lines


def _limit(one: Series, name: str) -> str:
    limit = _with_more(one, 1.0 if name == SCORE else 0.5).limit
    square, seen = one.points[-1].square, one.points[-1].n_seen
    unseen = name != SCORE and square.low is not None and square.low <= 0 and not seen
    return "n_generate" if limit == OPEN and unseen else limit


def _pace(low: float, high: float) -> str:
    if high < THEORY:
        return "faster than"
    return "more slowly than" if low > THEORY else "as"


def _of_moment(one: Series) -> str:
    point = one.points[-1]
    return " ".join([_seen(point), *_beside_the_data(point), _with_more(one, 0.5).sentence])


def _of_exact(found: Sequence[Series]) -> str:
    """Of the mean of odd networks, whose samples show nothing but their own noise."""
    floors = [f"{math.sqrt(one.points[-1].floor_square):.2g}" for one in found]
    dims = ", ".join(str(one.fixed) for one in found)
    return (
        "The networks are odd, so their mean is exact by construction: what the samples show is"
        f" their own noise, alike at every N (floor of n_generate: {', '.join(floors)} at"
        f" d = {dims})."
    )


def _seen(point: Point) -> str:
    """Whether n_generate samples show an error at all."""
    at = f"At N = {point.n_train:,} ({_seeds(point.n_seeds)})"
    low, high = point.square.low, point.square.high
    floor = f"floor of n_generate = {point.n_generate:,}: {math.sqrt(point.floor_square):.2g}"
    if low is None or high is None:
        return f"{at} there is no interval of the own error ({floor})."
    if high <= 0:
        return f"{at} the samples are closer to the law than perfect ones mostly are ({floor})."
    if low <= 0 and point.n_seen:
        mean = f"{math.copysign(math.sqrt(abs(point.square.value)), point.square.value):.2g}"
        return (
            f"{at} an error is seen in {point.n_seen} of them; over all it is {mean} ({floor}), but"
            " so few seeds do not tell how large it is on average: add seeds."
        )
    if low <= 0:
        return (
            f"{at} the judged samples do not show an error: it is below {math.sqrt(high):.2g}"
            f" ({floor}). n_generate limits what is seen: draw more samples, or add seeds."
        )
    return (
        f"{at} the own error is {math.sqrt(point.square.value):.2g}"
        f" [{math.sqrt(low):.2g}, {math.sqrt(high):.2g}] ({floor})."
    )


def _beside_the_data(point: Point) -> list[str]:
    """What the training samples' own moments would show."""
    efficiency = point.efficiency
    if efficiency is None or efficiency.low is None or efficiency.high is None:
        return []
    data = f"the moments of {point.n_train:,} exact samples"
    if efficiency.high < 1:
        return [
            f"It is worse than {data}: the model is worth {efficiency.value:.2g} of them, at most"
            f" {efficiency.high:.2g}, so learning or sampling loses what the data tell."
        ]
    if efficiency.low > 1:
        return [f"It is better than {data}: worth {_times(efficiency.value)} as many."]
    return [f"{data[0].upper()}{data[1:]} may be as far off: nothing says that more is lost."]


def _with_more(one: Series, factor: float) -> Outlook:
    """What more training samples would bring."""
    fit = one.fit
    if fit is None:
        return Outlook(OPEN, "One N alone: whether more of it would help is open.")
    if one.stays and fit.offset is not None and fit.offset.low is not None:
        least = fit.offset.low**factor
        return Outlook(
            FIXED,
            f"By all N together at least {least:.2g} stays however large N is: {OTHERS[factor]} the"
            " model, not the data.",
        )
    not_told = Outlook(OPEN, NOT_TOLD if factor == 0.5 else SCATTERED)
    if not fit.found:
        return not_told
    if fit.power.low is None or fit.power.high is None:
        return Outlook(
            OPEN, "As many parameters as runs: the slope in N has no interval, add seeds."
        )
    if not fit.told and fit.power.high >= 0:
        return not_told
    if fit.power.high >= 0:
        return Outlook(OPEN, NO_FALL)
    by_data = f"where data alone limit it ({_power(factor)})"
    total = float(fit(np.array(one.points[-1].n_train)))
    if fit.offset is not None and fit.offset.value > 0.5 * total:
        return Outlook(
            f"{DATA}, perhaps {FIXED}",
            "Whether a part of it stays however large N is these cells do not tell, for b's"
            " interval reaches 0: a wider grid of N, or more seeds, would.",
        )
    if fit.power.low <= THEORY <= fit.power.high:
        return Outlook(DATA, f"By all N together it falls as {by_data}: more N helps.")
    if fit.power.high < THEORY:
        return Outlook(DATA, f"By all N together it falls, faster than {by_data}.")
    return Outlook("not data alone", f"By all N together it falls, more slowly than {by_data}.")


def _of_score(one: Series, state_space: str) -> str:
    point, error = one.points[-1], "squared error" if state_space == "real" else "error"
    at = f"At N = {point.n_train:,} ({_seeds(point.n_seeds)}) its {error} is"
    return " ".join([f"{at} {point.square.value:.2g}.", _with_more(one, 1.0).sentence])


def _power(factor: float) -> str:
    return "1/sqrt(N)" if factor == 0.5 else "1/N"


def _times(value: float) -> str:
    return "many times" if math.isinf(value) else f"{value:.2g} times"


def _seeds(n: int) -> str:
    return "one seed" if n == 1 else f"{n} seeds"
