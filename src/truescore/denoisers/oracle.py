"""Denoisers computed exactly from a law: what a perfectly trained network would answer."""

from typing import cast

import torch
from torch import Tensor

from truescore.denoisers.base import Denoiser, DiscreteDenoiser, RealDenoiser, SpinDenoiser
from truescore.errors import UserError
from truescore.processes import DiscreteProcess, GaussianNoise, Process
from truescore.targets import Target


class RealOracle(RealDenoiser):
    """The exact posterior mean of a law of reals under Gaussian noise, float64."""

    def __init__(self, target: Target, process: GaussianNoise) -> None:
        super().__init__()
        self.target = target
        self.process = process
        self.mean = target.mean()
        second_moment = target.covariance() + self.mean.outer(self.mean)
        self.spectrum, self.basis = torch.linalg.eigh(second_moment)

    def log_prob(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Exact log p_t(x_t), ``(n,)``."""
        t = t.double()
        return self.target.gaussian_posterior(x_t, self.process.alpha(t), self.process.sigma(t))[0]

    def posterior_mean(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Exact E[x_0 | x_t], ``(n, d)``."""
        t = t.double()
        return self.target.gaussian_posterior(x_t, self.process.alpha(t), self.process.sigma(t))[1]


class SiteOracle(DiscreteDenoiser):
    """The exact leave-one-out laws of sites that jumped, float64."""

    def __init__(self, target: Target, process: DiscreteProcess) -> None:
        super().__init__()
        self.target = target
        self.process = process

    def log_prob(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Exact log p_t(x_t), ``(n,)``."""
        return self.target.site_posterior(_seen(self.process, x_t, t))[0]

    def clean_log_probs(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Exact log P(x_0^i = b | x_t without x_t^i), ``(n, d, q)``."""
        return self.target.site_posterior(_seen(self.process, x_t, t))[1]

    def data_log_probs(self, x: Tensor) -> Tensor:
        """Exact log P(x_0^i = b | x_0 without x_0^i), ``(n, d, q)``."""
        return self.clean_log_probs(x, torch.zeros(len(x), device=x.device))


class CategoricalOracle(SiteOracle):
    """Of a law of states 0 .. q-1, under jumps or masks."""

    state_space = "categorical"


class SpinOracle(SiteOracle, SpinDenoiser):
    """Of a law of spins, under flips or masks; its log-odds are exact too."""

    def log_odds(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Exact leave-one-out logit of x_0^i, ``(n, d)``."""
        down, up = self.clean_log_probs(x_t, t).unbind(-1)
        return up - down


def _seen(process: DiscreteProcess, x_t: Tensor, t: Tensor) -> Tensor:
    """Log-likelihoods of the clean states, ``(n, d, q)``."""
    t = t.double()
    return process.log_likelihood(x_t, torch.zeros_like(t), t)[..., : process.n_states]


def oracle(target: Target, process: Process) -> RealOracle | SpinOracle | CategoricalOracle:
    """The exact denoiser of a law under a process.

    Raises:
        UserError: if they are of different state spaces.
    """
    check_pairing(target, process)
    if target.state_space == "real":
        return RealOracle(target, cast(GaussianNoise, process))
    if target.state_space == "spin":
        return SpinOracle(target, cast(DiscreteProcess, process))
    return CategoricalOracle(target, cast(DiscreteProcess, process))


def check_pairing(target: Target, other: Process | Denoiser) -> None:
    """Raise ``UserError`` unless both are of one state space."""
    if target.state_space != other.state_space:
        raise UserError(
            f"got {type(target).__name__} of {target.state_space}s with {type(other).__name__} of"
            f" {other.state_space}s, expected the same: choose one that fits"
        )
    if isinstance(other, DiscreteProcess) and target.state_space == "categorical":
        _check_states(target, other)


def _check_states(target: Target, process: DiscreteProcess) -> None:
    if target.n_states != process.n_states:
        raise UserError(
            f"got {type(target).__name__} of {target.n_states} states with"
            f" {type(process).__name__} of {process.n_states}, expected as many: make"
            f" n_states={target.n_states} in both"
        )
