"""A statistic of samples with an exact value under the law."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor


@dataclass(frozen=True)
class Observable:
    """Average of p features over samples, beside its exact expectation.

    The error of a sample set is ``|average(x) - exact|`` in the given norm.

    Attributes:
        name: key in tables and ``summary.json``.
        label: name for people.
        average: features averaged over the samples, ``(..., n, d) -> (..., p)``, float64.
        exact: exact expectation, ``(p,)``, float64.
        norm: ``l1`` or ``l2``.
        variance: n E|average - exact|_2^2 for i.i.d. exact samples, where known in closed form.
    """

    name: str
    label: str
    average: Callable[[Tensor], Tensor]
    exact: Tensor
    norm: Literal["l1", "l2"]
    variance: float | None = None
