"""Markov chains that draw spins from a law of pair couplings."""

from truescore.simulate.spins.checkerboard import CheckerboardGlauber
from truescore.simulate.spins.dynamics import SpinDynamics
from truescore.simulate.spins.pair_couplings import (
    PairCouplings,
    couplings_of_bonds,
    pair_couplings,
)
from truescore.simulate.spins.single_site import Glauber, Metropolis
from truescore.simulate.spins.wolff import Wolff, clusters_per_sweep

__all__ = [
    "CheckerboardGlauber",
    "Glauber",
    "Metropolis",
    "PairCouplings",
    "SpinDynamics",
    "Wolff",
    "clusters_per_sweep",
    "couplings_of_bonds",
    "pair_couplings",
]
