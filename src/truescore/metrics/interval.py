"""A confidence interval for a squared distance between averages and exact values."""

import math

import torch
from torch import Tensor

Z95 = 1.959964


def squared_error_interval(deviations: Tensor, estimate: float) -> tuple[float, float]:
    """95% interval of theta = |delta|^2, delta an average's true deviation from its exact value.

    With e = delta + noise, noise of covariance C, the estimate U = |e|^2 - E|noise|^2 has variance
    4 delta' C delta + 2 tr C^2, which grows with theta. The interval holds every theta with
    (U - theta)^2 <= z^2 Var(theta), Wilson's construction: it stays honest where theta is near
    zero and U is far from normal, where U plus or minus z times one standard error is not.

    C comes from G groups, and tr C^2 from the inner products of *different* groups' noise, whose
    variance it is. Resampling the groups instead counts tr C^2 three times over, and adds
    (tr C)^2 / G where there are more independent features than groups; its intervals are up to
    twice too wide near the floor, and for single features too short at two to three times the
    floor. Here delta' C delta is taken as e' C e, larger by tr C^2, and the slope of the variance
    as the larger of what e and what the noise suggest: coverage errs on the high side.

    Args:
        deviations: averages of G groups of equal size, less their exact values, ``(G, p)``.
        estimate: U, from all samples.

    Returns:
        The ends of the interval of theta; the lower one may be negative.
    """
    n_groups = len(deviations)
    gram = deviations @ deviations.mT
    along = gram.mean(1)  # <deviation of a group, e>
    square = float(along.mean())  # |e|^2
    noise = gram - along[:, None] - along + square
    off_diagonal = noise[~torch.eye(n_groups, dtype=torch.bool)]
    trace = float(noise.diagonal().sum()) / (n_groups - 1) / n_groups
    trace_of_square = float(off_diagonal.var(correction=0)) / n_groups**2
    e_c_e = float(along.var()) / n_groups
    slope = 4 * max(_ratio(e_c_e, square), _ratio(trace_of_square, trace))
    variance = 4 * e_c_e + 2 * trace_of_square
    # x = theta - U solves x^2 = z^2 (variance + slope x).
    half = Z95**2 * slope / 2
    root = math.sqrt(half**2 + Z95**2 * variance)
    return estimate + half - root, estimate + half + root


def _ratio(a: float, b: float) -> float:
    return a / b if b > 0 else 0.0
