"""Laws of growth, fitted to squared errors.

A debiased error is a signed root and its logarithm does not exist for half of the cells near the
floor; leaving those out makes every slope too flat. So nothing here takes a logarithm of data:
value^2 is what is fitted, whose expectation has the floor as one of its terms.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import f as fisher
from scipy.stats import t as student

from truescore.errors import UserError

Floats = NDArray[np.float64]
LEVEL = 0.95
STEEPEST = 6.0
"""Powers of x in a square are looked for between -6 and 6."""
FEWEST_FOR_OFFSET = 4
"""Three parameters need at least four values of x."""
N_POWERS, MOST_ITERATIONS, CLOSE, LEAST = 49, 50, 1e-8, 1e-12
LEAST_SCATTER = 0.1
"""Least variance that is believed of a square, in units of what its mean squared would have."""


class Estimate(NamedTuple):
    """A number and its 95% interval; infinite where an end is not told, ``None`` for no interval.

    Attributes:
        value: the estimate.
        low: lower end.
        high: upper end.
    """

    value: float
    low: float | None = None
    high: float | None = None


def root(square: Estimate) -> Estimate:
    """Signed roots sign(u) sqrt|u| of a square and of its ends."""
    value, low, high = (
        None if end is None else math.copysign(math.sqrt(abs(end)), end) for end in square
    )
    return Estimate(0.0 if value is None else value, low, high)


def mean_over_seeds(squares: Floats) -> Estimate:
    """Mean of squares of independent runs, with Student's interval, which needs two of them."""
    mean, n = float(np.mean(squares)), len(squares)
    if n < 2:
        return Estimate(mean)
    reach = float(student.ppf((1 + LEVEL) / 2, n - 1) * np.std(squares, ddof=1) / np.sqrt(n))
    return Estimate(mean, mean - reach, mean + reach)


@dataclass(frozen=True)
class PowerLaw:
    """E value^2 = floor^2 + a^2 (x / centre)^p + b^2, fitted.

    Attributes:
        centre: geometric mean of the values of x.
        amplitude: a^2, the model's own square at ``centre``.
        power: p; an error that falls like N^-s has p = -2 s.
        offset: b^2, what no x mends; ``None`` if it was taken to be 0.
        n_cells: number of squares behind the fit.
    """

    centre: float
    amplitude: float
    power: Estimate
    offset: Estimate | None
    n_cells: int

    @property
    def found(self) -> bool:
        """Whether there is a power at all: some of the squares is above its floor."""
        return self.amplitude > 0 and abs(self.power.value) < 0.99 * STEEPEST

    @property
    def told(self) -> bool:
        """Whether the cells tell a power: its interval is finite."""
        low, high = self.power.low, self.power.high
        ends = low is not None and high is not None and bool(np.isfinite([low, high]).all())
        return self.found and ends

    def __call__(self, x: Floats) -> Floats:
        """The model's own square at x, without the floor."""
        offset = 0.0 if self.offset is None else self.offset.value
        return self.amplitude * (np.asarray(x) / self.centre) ** self.power.value + offset


def fit_power_law(
    x: Floats, square: Floats, floor_square: Floats, with_offset: bool = True
) -> PowerLaw:
    """Fit a power law by the gamma quasi-likelihood of squares, with profile intervals.

    A squared error is a sum of squared Gaussians, those of the n_generate samples' noise and those
    of the training set's, so its standard deviation is a fixed part of its mean: the gamma family.
    How large a part, the cells tell by their residuals: seeds and lack of fit alike. A parameter's
    95% interval holds all its values for which the deviance, at best over the others, exceeds its
    minimum by less than F_{1, n - k}(0.95) times the residual deviance per degree of freedom.
    McCullagh and Nelder, Generalized Linear Models (1989), chapters 8 and 9.

    The offset b^2 >= 0 is fitted with at least four values of x, and is 0 otherwise. Of an error of
    averages, which has a floor, it is a fixed part, which scatters less than the gamma family has
    it: the deviance is then weighted by what the best fit says of that. Without a floor (the score
    error) it is what trainings leave, each anew, and scatters like the rest. Without a degree of
    freedom left there is no interval.

    Args:
        x: what the error is a power of, ``(n,)``, positive, at least two values of it.
        square: value^2, ``(n,)``, positive.
        floor_square: the square that a perfect model would show on average, ``(n,)``.
        with_offset: whether an offset is looked for at all.

    Raises:
        UserError: fewer than two values of x, or a square that is not positive.
    """
    x, square, floor_square = (np.asarray(v, dtype=np.float64) for v in (x, square, floor_square))
    distinct = len(np.unique(x))
    if distinct < 2 or not (x > 0).all() or not (square > 0).all():
        raise UserError(
            f"got {distinct} values of x and a least square of {square.min(initial=1.0):.2g},"
            " expected two positive ones and positive squares: widen the grid"
        )
    scale, centre = float(square.mean()), float(np.exp(np.log(np.unique(x)).mean()))
    k = 3 if with_offset and distinct >= FEWEST_FOR_OFFSET else 2
    deviance = _Deviance(np.log(x / centre), square / scale, floor_square / scale, k == 3)
    best = deviance.best_power()
    if k == 3 and floor_square.any():
        deviance.weigh(best)
        best = deviance.best_power()
    least, amplitude, offset = deviance.least(best)
    freedom = len(square) - k
    if freedom < 1:
        power, b_square = Estimate(best), Estimate(offset * scale)
    else:
        limit = least * (1 + float(fisher.ppf(LEVEL, 1, freedom)) / freedom)
        ends = deviance.powers_below(limit, best)
        power = Estimate(best, *ends)
        ends = deviance.offsets_below(limit, offset, best)
        b_square = Estimate(offset * scale, *(end * scale for end in ends))
    return PowerLaw(centre, amplitude * scale, power, b_square if k == 3 else None, len(square))


def fit_common_power(columns: Sequence[tuple[Floats, Floats, Floats]]) -> Estimate:
    """The power that several laws without offset share, each with an amplitude of its own.

    Fitted as in ``fit_power_law``, by the sum of the columns' deviances.

    Args:
        columns: ``x, square, floor_square`` of each law, ``(n,)`` each.
    """
    each = [
        _Deviance(np.log(x) - np.log(np.unique(x)).mean(), y / y.mean(), f / y.mean(), False)
        for x, y, f in columns
    ]

    def deviance(p: float) -> float:
        return sum(one.least(p)[0] for one in each)

    best = _best_power(deviance)
    freedom = sum(len(x) for x, _, _ in columns) - len(columns) - 1
    if freedom < 1:
        return Estimate(best)
    limit = deviance(best) * (1 + float(fisher.ppf(LEVEL, 1, freedom)) / freedom)
    return Estimate(best, *_powers_below(deviance, limit, best))


class _Deviance:
    """The gamma deviance of m = f + A e^(p u) + B, u = log x, at its least over some of them."""

    def __init__(self, u: Floats, y: Floats, floor: Floats, with_offset: bool) -> None:
        self.u, self.y, self.floor, self.with_offset = u, y, floor, with_offset
        self.weight = np.ones_like(u)

    def weigh(self, p: float) -> None:
        """Let a fixed part of the error scatter less than the rest, as the best fit at p has it.

        The square of a fixed b and of Gaussian noise of mean square q in the same directions has
        the mean m = q + b^2 and a variance proportional to q^2 + 2 q b^2 = m^2 - b^4.
        """
        _, a, b = self.least(p)
        mean = self.floor + a * np.exp(p * self.u) + b
        self.weight = 1 / np.maximum(1 - (b / mean) ** 2, LEAST_SCATTER)

    def least(self, p: float, offset: float | None = None) -> tuple[float, float, float]:
        """The least deviance at a power, with A and B there; B is free if it is not given."""
        power = np.exp(p * self.u)
        free = self.with_offset and offset is None
        known = self.floor + (offset or 0.0)
        mean, a, b = np.maximum(self.y, known), 0.0, offset or 0.0
        for _ in range(MOST_ITERATIONS):  # Fisher's scoring: least squares weighted by 1/m^2
            before = (a, b)
            scale = np.sqrt(self.weight) / mean
            if free:
                a, b = _not_negative(power * scale, scale, (self.y - known) * scale)
            else:
                shape = power * scale
                a = max(shape @ ((self.y - known) * scale) / (shape @ shape), 0.0)
            mean = np.maximum(known + a * power + (b if free else 0.0), LEAST)
            if abs(a - before[0]) <= CLOSE * a and abs(b - before[1]) <= CLOSE * b:
                break
        ratio = self.y / mean
        return 2 * float(self.weight @ (ratio - 1 - np.log(ratio))), float(a), float(b)

    def best_power(self) -> float:
        """The power of the least deviance."""
        return _best_power(lambda p: self.least(p)[0])

    def powers_below(self, limit: float, best: float) -> tuple[float, float]:
        """Powers between which the deviance stays below a limit; infinite beyond +-`STEEPEST`."""
        return _powers_below(lambda p: self.least(p)[0], limit, best)

    def offsets_below(self, limit: float, best: float, power: float) -> tuple[float, float]:
        """Offsets between which the deviance, at its best power, stays below a limit."""

        def excess(offset: float) -> float:
            return self.least(self._refined(power - 1.5, power + 1.5, offset), offset)[0] - limit

        return _crossing(excess, best, 0.0, 0.0), _crossing(excess, best, self.y.max(), np.inf)

    def _refined(self, low: float, high: float, offset: float | None) -> float:
        return _refined(lambda p: self.least(p, offset)[0], low, high)


def _best_power(deviance: Callable[[float], float]) -> float:
    grid = np.linspace(-STEEPEST, STEEPEST, N_POWERS)
    nearest, step = float(grid[np.argmin([deviance(p) for p in grid])]), float(grid[1] - grid[0])
    return _refined(deviance, nearest - step, nearest + step)


def _powers_below(
    deviance: Callable[[float], float], limit: float, best: float
) -> tuple[float, float]:
    def excess(p: float) -> float:
        return deviance(p) - limit

    return (
        _crossing(excess, best, -STEEPEST, -np.inf),
        _crossing(excess, best, STEEPEST, np.inf),
    )


def _refined(deviance: Callable[[float], float], low: float, high: float) -> float:
    bounds = (max(low, -STEEPEST), min(high, STEEPEST))
    found = minimize_scalar(deviance, bounds=bounds, options={"xatol": 1e-5})
    return float(found.x)  # type: ignore[attr-defined]


def _not_negative(first: Floats, second: Floats, y: Floats) -> tuple[float, float]:
    """The a, b >= 0 of least |a first + b second - y|^2."""
    aa, ab, bb = float(first @ first), float(first @ second), float(second @ second)
    ya, yb = float(first @ y), float(second @ y)
    determinant = aa * bb - ab**2
    if determinant > 1e-12 * aa * bb:
        a, b = (bb * ya - ab * yb) / determinant, (aa * yb - ab * ya) / determinant
        if a >= 0 and b >= 0:
            return a, b
    # The minimum is on an edge: where that lowers the square more.
    a, b = max(ya, 0.0) / aa, max(yb, 0.0) / bb
    return (a, 0.0) if a**2 * aa >= b**2 * bb else (0.0, b)


def _crossing(
    excess: Callable[[float], float], inside: float, end: float, otherwise: float
) -> float:
    if abs(end - inside) < 1e-9 or excess(end) <= 0:
        return otherwise
    if excess(inside) >= 0:
        return inside
    return float(brentq(excess, inside, end, xtol=1e-4))  # type: ignore[arg-type]
