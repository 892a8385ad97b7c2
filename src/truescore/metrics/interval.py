"""Confidence intervals for the distance between an average and its exact value."""

import math

from torch import Tensor

from truescore.metrics.verdict import signed_root

Z95 = 1.959964

N_GROUPS = 200
"""Samples are averaged in 200 to 399 groups, whose scatter gives the interval."""


def debiased_interval(groups: Tensor, deviation: Tensor, floor: float) -> tuple[float, float]:
    """95% interval of the debiased error sign(u) sqrt|u|, u = |e|^2 - floor^2.

    e = delta + noise is a sample average's deviation from its exact value; u estimates |delta|^2.

    Args:
        groups: deviations of the averages of G groups of equal size, ``(G, p)``.
        deviation: e, of all samples, ``(p,)``.
        floor: root mean square of e if delta = 0.

    Returns:
        Lower and upper end; an end below zero says that samples without error explain e.
    """
    square = float(deviation @ deviation) - floor**2
    interval = _scalar if len(deviation) == 1 else _vector
    ends = interval(groups, deviation, square)
    return signed_root(ends[0]), signed_root(ends[1])


def _scalar(groups: Tensor, deviation: Tensor, square: float) -> tuple[float, float]:
    """From e +- z se; an interval that holds delta = 0 starts at 0, or at u if that is less."""
    reach = Z95 * float(groups.std()) / math.sqrt(len(groups))
    distance = float(deviation.abs())
    low = (distance - reach) ** 2 if distance > reach else min(square, 0.0)
    return low, (distance + reach) ** 2


def _vector(groups: Tensor, deviation: Tensor, square: float) -> tuple[float, float]:
    """All theta = |delta|^2 with (u - theta)^2 <= z^2 Var(theta), Wilson's construction.

    Noise of covariance C gives u the variance 4 delta' C delta + 2 tr C^2, which grows with theta:
    so the interval stays honest near theta = 0, where u +- z standard errors is not.

    C comes from the groups; tr C^2 is the variance of the inner products of *different* groups'
    noise. Resampling the groups instead counts tr C^2 three times over, and adds (tr C)^2 / G where
    there are more independent features than groups: up to twice too wide near the floor. Here
    delta' C delta is taken as e' C e, larger by tr C^2 on average. The variance falls below u with
    the slope that e suggests, and grows above u with the larger of that and what the noise
    suggests, for e may lie where there is little of it: coverage errs on the high side.
    """
    n_groups = len(groups)
    centred = groups - groups.mean(0)
    noise = centred @ centred.mT
    trace = float(noise.diagonal().sum()) / (n_groups - 1) / n_groups
    # Products of different groups; centring gives them the mean -trace, which is no scatter.
    mean_square = float((noise.fill_diagonal_(0) ** 2).sum()) / (n_groups - 1) / n_groups
    trace_of_square = max(mean_square - trace**2, 0.0) / n_groups**2
    e_c_e = float((groups @ deviation).var()) / n_groups
    own_slope = 4 * _ratio(e_c_e, float(deviation @ deviation))
    slope = max(own_slope, 4 * _ratio(trace_of_square, trace))
    variance = 4 * e_c_e + 2 * trace_of_square
    low, _ = _around(square, variance, own_slope)
    _, high = _around(square, variance, slope)
    return low, high


def _around(square: float, variance: float, slope: float) -> tuple[float, float]:
    """Where y = theta - u solves y^2 = z^2 (variance + slope y)."""
    half = Z95**2 * slope / 2
    root = math.sqrt(half**2 + Z95**2 * variance)
    return square + half - root, square + half + root


def _ratio(a: float, b: float) -> float:
    return a / b if b > 0 else 0.0
