"""Denoisers computed exactly from a law: what a perfectly trained network would answer."""

from typing import cast

import torch
from torch import Tensor

from truescore.denoisers.base import Denoiser, RealDenoiser, SpinDenoiser
from truescore.errors import UserError
from truescore.processes import GaussianNoise, Process, SpinFlip
from truescore.targets import Target


class RealOracle(RealDenoiser):
    """The exact posterior mean of a law of reals under Gaussian noise, float64."""

    def __init__(self, target: Target, process: GaussianNoise) -> None:
        super().__init__()
        self.target = target
        self.process = process
        mean = target.mean()
        self.spectrum, self.basis = torch.linalg.eigh(target.covariance() + mean.outer(mean))

    def log_prob(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Exact log p_t(x_t), ``(n,)``."""
        t = t.double()
        return self.target.gaussian_posterior(x_t, self.process.alpha(t), self.process.sigma(t))[0]

    def posterior_mean(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Exact E[x_0 | x_t], ``(n, d)``."""
        t = t.double()
        return self.target.gaussian_posterior(x_t, self.process.alpha(t), self.process.sigma(t))[1]


class SpinOracle(SpinDenoiser):
    """The exact leave-one-out log-odds of a law of spins under independent flips, float64."""

    def __init__(self, target: Target, process: SpinFlip) -> None:
        super().__init__()
        self.target = target
        self.process = process

    def log_prob(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Exact log p_t(x_t), ``(n,)``."""
        t = t.double()
        log_evidence, _ = self.target.spin_posterior(x_t * self.process.evidence(t)[:, None])
        # spin_posterior weighs a spin by exp(+- evidence/2); its probabilities are 1 - q and q.
        q = self.process.flip_probability(t)
        return log_evidence + x_t.shape[1] * (q.log() + (-q).log1p()) / 2

    def log_odds(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Exact leave-one-out logit of x_0^i, ``(n, d)``."""
        evidence = x_t * self.process.evidence(t.double())[:, None]
        return self.target.spin_posterior(evidence)[1]


def oracle(target: Target, process: Process) -> RealOracle | SpinOracle:
    """The exact denoiser of a law under a process.

    Raises:
        UserError: if one is of spins and the other of reals.
    """
    check_pairing(target, process)
    if target.state_space == "real":
        return RealOracle(target, cast(GaussianNoise, process))
    return SpinOracle(target, cast(SpinFlip, process))


def check_pairing(target: Target, other: Process | Denoiser) -> None:
    """Raise ``UserError`` unless both are of spins or both of reals."""
    if target.state_space != other.state_space:
        raise UserError(
            f"got {type(target).__name__} of {target.state_space}s with {type(other).__name__} of"
            f" {other.state_space}s, expected the same: choose one that fits"
        )
