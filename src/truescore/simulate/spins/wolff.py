"""Wolff's cluster updates."""

import math

import numpy as np
from numba import njit

from truescore.simulate.spins.dynamics import Columns, CompiledDynamics
from truescore.simulate.spins.pair_couplings import PairCouplings
from truescore.targets import Target


@njit(cache=True, nogil=True)
def flip_clusters(
    spins: np.ndarray,
    tries: int,
    neighbours: Columns,
    couplings: Columns,
    fields: np.ndarray,
    random: np.random.Generator,
) -> None:
    """Grow clusters from random sites, flip them in place."""
    dim = spins.shape[1]
    cluster, inside = np.empty(dim, np.int64), np.zeros(dim, np.bool_)
    for chain in range(len(spins)):
        x = spins[chain]
        for _ in range(tries):
            place = random.random() * 2 * dim
            if place >= dim:
                continue
            cluster[0], size, done, held = int(place), 1, 0, False
            inside[cluster[0]] = True
            while done < size and not held:
                i = cluster[done]
                done += 1
                # The field is a bond to a spin that always points up and never flips.
                held = random.random() < -math.expm1(-2 * max(0.0, fields[i] * x[i]))
                for k in range(len(neighbours)):
                    j = neighbours[k][i]
                    bond = couplings[k][i] * x[i] * x[j]
                    if bond > 0 and not inside[j] and random.random() < -math.expm1(-2 * bond):
                        cluster[size], inside[j] = j, True
                        size += 1
            for i in cluster[:size]:
                inside[i] = False
                if not held:
                    x[i] = -x[i]


class Wolff(CompiledDynamics):
    """Single clusters: satisfied bonds join with probability 1 - exp(-2 |J_ij|/T), then all flip.

    Wolff 1989, Phys. Rev. Lett. 62, 361. A field is a bond to one more spin, which holds a cluster
    that it joins. Each cluster is flipped with probability 1/2 only (and not even grown otherwise):
    a ring so cold that every cluster is all of it would alternate for ever, and every second state
    be the same. Bonds that cannot all be satisfied, and strong fields, make clusters of little use.

    Args:
        law: couplings, fields and temperature.
        clusters: how many make up a sweep; see ``clusters_per_sweep``. The number is fixed
            beforehand, for a sweep that ended with its d-th spin would end in a biased state.
    """

    def __init__(self, law: PairCouplings, clusters: int) -> None:
        super().__init__(law)
        self.clusters = clusters

    def move(self, spins: np.ndarray, steps: int, random: np.random.Generator) -> None:
        """Take spins ``(chains, d)``, int8, so many sweeps further, in place."""
        flip_clusters(spins, steps * self.clusters, *self.graph, random)


def clusters_per_sweep(target: Target) -> int:
    """Clusters that together hold d spins on average.

    Without fields and frustration a cluster from site i holds sum_j |E[x_i x_j]| on average
    (Fortuin and Kasteleyn 1972, Physica 57, 536); otherwise the number is a guess, and not biased.
    """
    mean = target.mean()
    size = (target.covariance() + mean[:, None] * mean).abs().sum(1).mean()
    return max(1, round(target.dim / float(size)))
