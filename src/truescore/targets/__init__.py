"""Laws on R^d and {-1,+1}^d with exact moments, exact samples and exact denoising."""

from truescore.targets.base import Target
from truescore.targets.chain import NearestNeighbourChain
from truescore.targets.four_well import FourWell
from truescore.targets.gaussian_mixture import GaussianMixture
from truescore.targets.ginzburg_landau import GinzburgLandauChain
from truescore.targets.gray_code import GrayCode
from truescore.targets.ising_chain import IsingChain
from truescore.targets.ising_ring import IndependentSpins, IsingRing
from truescore.targets.ising_torus import IsingTorus
from truescore.targets.kernel_mixture import KernelMixture
from truescore.targets.mixtures import (
    CorrelatedGaussian,
    IsotropicGaussian,
    RandomMixture,
    SymmetricMixture,
)
from truescore.targets.observable import Observable
from truescore.targets.potts_ring import IndependentStates, PottsRing
from truescore.targets.sampled import SampledLaw
from truescore.targets.swiss_roll import SwissRoll

__all__ = [
    "CorrelatedGaussian",
    "FourWell",
    "GaussianMixture",
    "GinzburgLandauChain",
    "GrayCode",
    "IndependentSpins",
    "IndependentStates",
    "IsingChain",
    "IsingRing",
    "IsingTorus",
    "IsotropicGaussian",
    "KernelMixture",
    "NearestNeighbourChain",
    "Observable",
    "PottsRing",
    "RandomMixture",
    "SampledLaw",
    "SwissRoll",
    "SymmetricMixture",
    "Target",
]
