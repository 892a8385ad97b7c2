"""Forward noising processes; t = 0 is data, t = T is noise."""

from truescore.processes.absorbing import Absorbing
from truescore.processes.base import Process
from truescore.processes.discrete import DiscreteProcess
from truescore.processes.edm import EDM
from truescore.processes.gaussian import GaussianNoise
from truescore.processes.prior import gaussian_prior_kl, sufficient_noise
from truescore.processes.rectified_flow import RectifiedFlow
from truescore.processes.spin_flip import SpinFlip
from truescore.processes.sub_variance_preserving import SubVariancePreserving
from truescore.processes.trigonometric import Trigonometric
from truescore.processes.uniform_jump import UniformJump
from truescore.processes.variance_exploding import VarianceExploding
from truescore.processes.variance_preserving import CosineVariancePreserving, VariancePreserving

__all__ = [
    "EDM",
    "Absorbing",
    "CosineVariancePreserving",
    "DiscreteProcess",
    "GaussianNoise",
    "Process",
    "RectifiedFlow",
    "SpinFlip",
    "SubVariancePreserving",
    "Trigonometric",
    "UniformJump",
    "VarianceExploding",
    "VariancePreserving",
    "gaussian_prior_kl",
    "sufficient_noise",
]
