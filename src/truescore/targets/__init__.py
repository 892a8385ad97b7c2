"""Laws on R^d and {-1,+1}^d with exact moments, exact samples and exact denoising."""

from truescore.targets.base import Target
from truescore.targets.chain import NearestNeighbourChain
from truescore.targets.gaussian_mixture import GaussianMixture
from truescore.targets.ginzburg_landau import GinzburgLandauChain
from truescore.targets.ising_ring import IndependentSpins, IsingRing
from truescore.targets.observable import Observable

__all__ = [
    "GaussianMixture",
    "GinzburgLandauChain",
    "IndependentSpins",
    "IsingRing",
    "NearestNeighbourChain",
    "Observable",
    "Target",
]
