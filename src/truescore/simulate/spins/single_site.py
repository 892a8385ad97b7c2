"""Updates of one spin at a time: Glauber's heat bath and the Metropolis rule.

The compiled functions take a uniform number for each update, ``(chains, updates)``: d times it
gives the site by its whole part, and by the rest another uniform number.
"""

import math
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numba import njit

from truescore.simulate.spins.dynamics import Columns, CompiledDynamics


@njit(cache=True, nogil=True)
def local_field(
    x: np.ndarray, i: int, neighbours: Columns, couplings: Columns, fields: np.ndarray
) -> float:
    """(h_i + sum_k J_ik x_{n(i,k)}) / T; to flip spin i costs 2 T x_i times as much."""
    field = fields[i]
    for k in range(len(neighbours)):
        field += couplings[k][i] * x[neighbours[k][i]]
    return field


@njit(cache=True, nogil=True)
def heat_bath(
    spins: np.ndarray,
    uniform: np.ndarray,
    neighbours: Columns,
    couplings: Columns,
    fields: np.ndarray,
) -> None:
    """Draw spins afresh given all others, in place."""
    for chain in range(len(spins)):
        x = spins[chain]
        for u in uniform[chain]:
            place = u * len(x)
            i = int(place)
            field = local_field(x, i, neighbours, couplings, fields)
            # By arithmetic: half of all branches would be guessed wrong.
            x[i] = 2 * ((place - i) * (1 + math.exp(-2 * field)) < 1) - 1


@njit(cache=True, nogil=True)
def accept_or_stay(
    spins: np.ndarray,
    uniform: np.ndarray,
    neighbours: Columns,
    couplings: Columns,
    fields: np.ndarray,
) -> None:
    """Propose flips and accept them or not, in place."""
    for chain in range(len(spins)):
        x = spins[chain]
        for u in uniform[chain]:
            place = u * len(x)
            i = int(place)
            cost = 2 * x[i] * local_field(x, i, neighbours, couplings, fields)
            x[i] *= 1 - 2 * (place - i < math.exp(-cost))


class SingleSite(CompiledDynamics):
    """Sweeps of d updates, of sites drawn at random with replacement.

    Not of sites in turn: each update then obeys detailed balance, and so does the sweep.
    """

    rule: ClassVar[Callable[..., None]]

    def move(self, spins: np.ndarray, steps: int, random: np.random.Generator) -> None:
        """Take spins ``(chains, d)``, int8, so many sweeps further, in place."""
        uniform = np.empty(spins.shape)
        for _ in range(steps):
            random.random(out=uniform)
            self.rule(spins, uniform, *self.graph)


class Glauber(SingleSite):
    """Heat bath: flip spin i with probability sigmoid(-dE/T), dE = V(flip_i x) - V(x).

    The magnetisation of a ring without fields relaxes at the rate 1 - tanh(2J/T) per sweep.
    Glauber 1963, J. Math. Phys. 4, 294.
    """

    rule = staticmethod(heat_bath)


class Metropolis(SingleSite):
    """Flip spin i with probability min(1, exp(-dE/T)), dE = V(flip_i x) - V(x).

    Metropolis et al. 1953, J. Chem. Phys. 21, 1087.
    """

    rule = staticmethod(accept_or_stay)
