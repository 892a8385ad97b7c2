"""Updates of one spin at a time: Glauber's heat bath and the Metropolis rule.

One random number gives the site by its whole part and a uniform number by the rest.
"""

import math

import numpy as np
from numba import njit

from truescore.simulate.spins.dynamics import CompiledDynamics


@njit(cache=True, nogil=True)
def local_field(
    x: np.ndarray, i: int, neighbours: np.ndarray, couplings: np.ndarray, fields: np.ndarray
) -> float:
    """(h_i + sum_k J_ik x_{n(i,k)}) / T, so that a flip of spin i costs 2 T x_i times this."""
    field = fields[i]
    for k in range(neighbours.shape[1]):
        field += couplings[i, k] * x[neighbours[i, k]]
    return field


@njit(cache=True, nogil=True)
def heat_bath(
    spins: np.ndarray,
    updates: int,
    neighbours: np.ndarray,
    couplings: np.ndarray,
    fields: np.ndarray,
    random: np.random.Generator,
) -> None:
    """Draw spins afresh given all others; see ``CompiledDynamics``."""
    for chain in range(spins.shape[0]):
        x = spins[chain]
        for _ in range(updates):
            place = random.random() * len(x)
            i = int(place)
            field = local_field(x, i, neighbours, couplings, fields)
            x[i] = 1 if (place - i) * (1 + math.exp(-2 * field)) < 1 else -1


@njit(cache=True, nogil=True)
def accept_or_stay(
    spins: np.ndarray,
    updates: int,
    neighbours: np.ndarray,
    couplings: np.ndarray,
    fields: np.ndarray,
    random: np.random.Generator,
) -> None:
    """Propose flips and accept them or not; see ``CompiledDynamics``."""
    for chain in range(spins.shape[0]):
        x = spins[chain]
        for _ in range(updates):
            place = random.random() * len(x)
            i = int(place)
            cost = 2 * x[i] * local_field(x, i, neighbours, couplings, fields)
            if cost <= 0 or place - i < math.exp(-cost):
                x[i] = -x[i]


class Glauber(CompiledDynamics):
    """Single-site heat bath: flip spin i with probability sigmoid(-dE/T), dE = V(flip_i x) - V(x).

    A sweep is d updates of sites drawn at random, with replacement. So every update obeys detailed
    balance, and a ring without fields relaxes at the rate 1 - tanh(2J/T) per sweep (Glauber 1963,
    J. Math. Phys. 4, 294). Sites in turn would keep the law too, but reversibly only as a pair of
    sweeps forth and back.
    """

    kernel = staticmethod(heat_bath)


class Metropolis(CompiledDynamics):
    """Single-site Metropolis: flip spin i with probability min(1, exp(-dE/T)).

    A sweep is d updates of sites drawn at random, with replacement; in turn, flips that cost
    nothing are all accepted, and domain walls would march round a ring. Metropolis et al. 1953,
    J. Chem. Phys. 21, 1087.
    """

    kernel = staticmethod(accept_or_stay)
