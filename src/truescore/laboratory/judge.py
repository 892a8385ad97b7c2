"""Measured moments beside exact ones, with the error that perfect points would show."""

from typing import Any, Protocol

import torch
from scipy.stats import chi2
from torch import Tensor

from truescore.metrics.verdict import LEVEL, Judgement, holm, verdict

N_REFERENCE = 20_000
"""Direct samples behind every floor."""


class Law(Protocol):
    """What moments are judged by."""

    def mean(self) -> Tensor:
        """Exact mean, ``(d,)``."""
        ...

    def covariance(self) -> Tensor:
        """Exact covariance, ``(d, d)``."""
        ...

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw ``n`` independent points."""
        ...


def moments(x: Tensor, law: Law, generator: torch.Generator) -> dict[str, Any]:
    """Mean and covariance of points ``(n, d)``: measured, exact, and a judgement of each.

    The covariance is taken about the measured mean, so that an error of the mean counts once. With
    e the error of n points, its size |e| stands beside the floor sqrt(tr(V)/n), V the covariance
    under the law of what is averaged, taken from 20,000 direct samples; under the law n e^T V^-1 e
    is chi-squared for large n.
    """
    mean, covariance = law.mean(), law.covariance()
    deviation = law.sample(N_REFERENCE, generator).double() - mean
    products = (deviation[:, :, None] * deviation[:, None, :] - covariance).flatten(1)
    x = x.double()
    return {
        "mean": _judged(x.mean(0), mean, deviation, len(x)),
        "covariance": _judged(torch.cov(x.mT), covariance, products, len(x)),
    }


def _judged(measured: Tensor, exact: Tensor, reference: Tensor, n: int) -> dict[str, Any]:
    judged = judgement((measured - exact).flatten(), reference, n)
    return {"measured": measured.tolist(), "exact": exact.tolist(), **judged.as_dict()}


def rejected_moments(rows: list[dict[str, Any]]) -> list[str]:
    """Which of the judged moments are not those of the law, at level 0.01 for all after Holm."""
    p_values = {
        f"{what} at t = {row['time']:.3g}": row[what]["p_value"]
        for row in rows
        for what in ("mean", "covariance")
    }
    adjusted = holm(list(p_values.values()))
    return [name for name, p in zip(p_values, adjusted, strict=True) if p < LEVEL]


def judgement(error: Tensor, reference: Tensor, n: int) -> Judgement:
    """The error of an average over n points beside its floor.

    Args:
        error: of the average, ``(p,)``.
        reference: the error of each of m direct samples, ``(m, p)``, of mean 0.
        n: number of points.
    """
    spread = reference.mT @ reference / len(reference)
    floor = float(spread.trace() / n) ** 0.5
    # Entries that stand twice in a symmetric matrix make the spread singular.
    weighted = error @ torch.linalg.pinv(spread, hermitian=True, rtol=1e-9) @ error
    p_value = float(chi2.sf(n * float(weighted), int(torch.linalg.matrix_rank(spread))))
    value = float(error.norm())
    return Judgement(value, floor, p_value=p_value, verdict=verdict(value, floor, p_value))
