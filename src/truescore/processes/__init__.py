"""Forward noising processes; t = 0 is data, t = T is noise."""

from truescore.processes.base import Process
from truescore.processes.gaussian import GaussianNoise, VariancePreserving
from truescore.processes.spin_flip import SpinFlip

__all__ = ["GaussianNoise", "Process", "SpinFlip", "VariancePreserving"]
