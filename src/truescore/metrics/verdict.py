"""What is said about one error, and about several at once."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

LEVEL = 0.01
"""A perfect sampler is called imperfect in this fraction of cases."""

AT_FLOOR = "at floor"


class Judgement(NamedTuple):
    """An error beside the error that perfect samples would show; ``None``: no meaning here.

    A tuple, since torchmetrics takes apart what ``compute`` returns and refuses frozen dataclasses.

    Attributes:
        value: the error.
        floor: root mean square of the error of perfect samples.
        percentile: percentage of perfect sample sets with a smaller error.
        p_value: chance that perfect samples err at least as much.
        debiased: the model's own error, sign(value^2 - floor^2) sqrt|value^2 - floor^2|.
        ci_low: lower end of the 95% interval of ``debiased``.
        ci_high: its upper end.
        verdict: ``at floor``, or how many times the floor.
        z: value over floor, of what is 0 on average for perfect samples.
    """

    value: float
    floor: float
    percentile: float | None = None
    p_value: float | None = None
    debiased: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    verdict: str | None = None
    z: float | None = None

    def as_dict(self) -> dict[str, float | str | None]:
        """Plain values for JSON, which knows neither NaN nor infinity: both become ``None``."""
        return {
            key: None if isinstance(entry, float) and not math.isfinite(entry) else entry
            for key, entry in self._asdict().items()
        }


def verdict(value: float, floor: float, p_value: float) -> str:
    """``at floor`` if p >= 0.01, else ``k x floor`` with two digits of k."""
    if p_value >= LEVEL:
        return AT_FLOOR
    if floor == 0:
        return "above a floor of 0"
    k = float(f"{value / floor:.2g}")
    return f"{k:.1f} x floor" if k < 10 else f"{k:.0f} x floor"


def signed_root(square: float) -> float:
    """sign(u) sqrt|u|: a difference of squares in the units of the error."""
    return math.copysign(math.sqrt(abs(square)), square)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values: rejecting those below a level errs at all with at most that probability.

    Ordered p_(1) <= .. <= p_(m) become max_{j <= k} min(1, (m - j + 1) p_(j)), whatever their
    dependence. Holm 1979.
    """
    m = len(p_values)
    adjusted = [0.0] * m
    largest = 0.0
    for rank, index in enumerate(sorted(range(m), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (m - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def rejected(judgements: Mapping[str, Judgement], level: float = LEVEL) -> list[str]:
    """Names of the errors that are not those of perfect samples, at family ``level`` after Holm.

    Those without a p-value are left out. The smallest possible p-value is 1/(n_null + 1): with
    fewer than (number of errors)/level null draws nothing can be rejected.
    """
    named = {name: j.p_value for name, j in judgements.items() if j.p_value is not None}
    adjusted = holm(list(named.values()))
    return [name for name, p in zip(named, adjusted, strict=True) if p < level]
