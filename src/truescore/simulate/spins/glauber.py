"""Glauber's heat bath."""

import math

import numpy as np
from numba import njit

from truescore.simulate.spins.dynamics import CompiledDynamics


@njit(cache=True, nogil=True)
def heat_bath(
    spins: np.ndarray,
    updates: int,
    neighbours: np.ndarray,
    couplings: np.ndarray,
    fields: np.ndarray,
    random: np.random.Generator,
) -> None:
    """Draw random spins afresh given all others; see ``CompiledDynamics``."""
    n, dim = spins.shape
    for chain in range(n):
        x = spins[chain]
        for _ in range(updates):
            i = int(random.random() * dim)
            field = fields[i]
            for k in range(neighbours.shape[1]):
                field += couplings[i, k] * x[neighbours[i, k]]
            up = 1 / (1 + math.exp(-2 * field))
            x[i] = 1 if random.random() < up else -1


class Glauber(CompiledDynamics):
    """Single-site heat bath: flip spin i with probability sigmoid(-dE/T), dE = V(flip_i x) - V(x).

    A sweep is d updates of sites drawn at random with replacement. Then every update obeys detailed
    balance, and a ring without fields relaxes at the rate 1 - tanh(2J/T) per sweep (Glauber 1963,
    J. Math. Phys. 4, 294); a sequential sweep only keeps the law stationary.
    """

    kernel = staticmethod(heat_bath)
