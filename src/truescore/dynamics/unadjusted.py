"""Unadjusted Langevin on a Gaussian law: its error at any step and any time, in closed form."""

import math

import torch
from scipy.optimize import minimize_scalar
from torch import Tensor

from truescore.dynamics.integrators import EulerMaruyama
from truescore.dynamics.langevin import OverdampedLangevin
from truescore.dynamics.simulation import simulate
from truescore.errors import UserError
from truescore.targets import GaussianMixture

GRID = 400
# A variance is known to rounding, and at the limit itself the closed form divides by zero.
ROUNDING = 1e-9


class UnadjustedLangevin:
    """x <- x + (tau/2) grad log p(x) + sqrt(tau) z from x = start_scale z, p = N(mu, S).

    That is Euler-Maruyama for overdamped Langevin with sigma = 1, without a Metropolis test. Along
    an eigenvector of S with variance l the distance to mu shrinks by r = 1 - tau/(2 l) a step, so
    the variance after K steps is

        v_K = r^(2K) start_scale^2 + tau (1 - r^(2K)) / (1 - r^2),    v_inf = l / (1 - tau/(4 l)):

    the chain forgets its start only if tau < 4 min(l), and what it settles to is too wide.
    Roberts and Tweedie 1996, Bernoulli 2, 341.

    Args:
        target: one Gaussian.
        tau: the step, inside (0, 4 min(l)).
        steps: K; ``math.inf`` for the chain's own stationary law.
        start_scale: standard deviation of the start, >= 0.
    """

    def __init__(
        self, target: GaussianMixture, tau: float, steps: float, start_scale: float
    ) -> None:
        limit = stability_limit(target)
        if not 0 < tau < limit * (1 - ROUNDING):
            raise UserError(
                f"got tau={tau:g}, expected inside (0, {limit:g}), four times the smallest"
                " variance of the law: beyond it the chain runs away, so lower tau"
            )
        self.target = target
        self.tau = tau
        self.steps = steps
        self.start_scale = start_scale

    def mean(self) -> Tensor:
        """Exact mean after the steps, ``(d,)``, float64."""
        mean, basis = self.target.mean(), self.target.basis[0]
        return mean - basis @ (self._kept() * (basis.mT @ mean))

    def covariance(self) -> Tensor:
        """Exact covariance after the steps, ``(d, d)``, float64."""
        basis = self.target.basis[0]
        return (basis * self._variances()) @ basis.mT

    def wasserstein(self) -> float:
        """Wasserstein-2 distance of the chain's law to the target; both have the same axes.

        W_2^2 = |m_K - mu|^2 + sum_k (sqrt(v_K) - sqrt(l_k))^2.
        """
        widths = self._variances().sqrt() - self.target.spectrum[0].sqrt()
        offset = self.mean() - self.target.mean()
        return math.sqrt(float((widths**2).sum() + (offset**2).sum()))

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Run ``n`` chains and return their ends, ``(n, d)``, float64."""
        start = torch.randn(n, self.target.dim, dtype=torch.float64, generator=generator)
        times = self.tau * torch.arange(int(self.steps) + 1, dtype=torch.float64)
        dynamics = OverdampedLangevin(self.target, sigma=1.0)
        return simulate(dynamics, EulerMaruyama(), self.start_scale * start, times, generator)

    def _factor(self) -> Tensor:
        return 1 - self.tau / (2 * self.target.spectrum[0])

    def _kept(self) -> Tensor:
        """r^K, with its sign."""
        r = self._factor()
        return torch.zeros_like(r) if math.isinf(self.steps) else r ** int(self.steps)

    def _variances(self) -> Tensor:
        r, kept = self._factor(), self._kept() ** 2
        return kept * self.start_scale**2 + self.tau * (1 - kept) / (1 - r**2)


def stability_limit(target: GaussianMixture) -> float:
    """4 min(l), the step at which the chain stops to forget its start."""
    if len(target.weights) > 1:
        raise UserError(
            f"got a mixture of {len(target.weights)} Gaussians, expected one: with several there"
            " is no closed form, use dynamics=langevin"
        )
    return 4 * float(target.spectrum.min())


def best_tau(target: GaussianMixture, steps: int, start_scale: float) -> float:
    """The step for which the chain of so many steps ends closest to its target, in W_2.

    Small steps leave the start unforgotten, large ones widen the law; near the limit the error can
    have further minima, so a grid finds the valley before its bottom is sought.
    """
    limit = stability_limit(target)

    def error(tau: float) -> float:
        return UnadjustedLangevin(target, tau, steps, start_scale).wasserstein()

    grid = [limit * (i + 0.5) / GRID for i in range(GRID)]
    best = min(grid, key=error)
    step = limit / GRID
    bounds = (max(best - step, step / 100), min(best + step, limit * (1 - 2 * ROUNDING)))
    return float(minimize_scalar(error, bounds=bounds, method="bounded").x)  # pyright: ignore
