"""Markov chains that draw spins from a law of pair couplings."""

from truescore.simulate.spins.glauber import Glauber
from truescore.simulate.spins.pair_couplings import (
    PairCouplings,
    couplings_of_bonds,
    pair_couplings,
)

__all__ = ["Glauber", "PairCouplings", "couplings_of_bonds", "pair_couplings"]
