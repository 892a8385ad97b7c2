"""What every forward noising process offers; t = 0 is data, t = T (``horizon``) is noise."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from truescore.state_space import StateSpace


class Process(ABC):
    """A Markov process that carries data at t = 0 into a simple prior at t = T.

    Attributes:
        state_space: ``real``, ``spin`` or ``categorical``.
        t_min: smallest time that is trained on and from which samplers take their last step.
        horizon: largest time T.
    """

    state_space: StateSpace
    t_min: float
    horizon: float

    @abstractmethod
    def perturb(self, x_0: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        """Draw x_t given x_0 without simulation, ``(n, d)`` points at times ``(n,)``."""

    @abstractmethod
    def log_snr(self, t: Tensor) -> Tensor:
        """Log of the signal-to-noise ratio at time t, strictly decreasing in t."""

    @abstractmethod
    def time_from_log_snr(self, log_snr: Tensor) -> Tensor:
        """Inverse of ``log_snr``."""

    @abstractmethod
    def describe(self) -> str:
        """One line for the log: the horizon and how close the process comes to its prior there."""
