"""What every law on R^d or {-1,+1}^d offers."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.state_space import StateSpace
from truescore.targets.observable import Observable


class Target(ABC):
    """A law p(x) on ``(d,)`` reals or spins, with its exact moments and exact samples.

    Densities and moments are float64; samples are float32, rounded from float64 draws.

    Attributes:
        dim: number of sites d.
        state_space: ``real``, ``spin`` or ``categorical``.
        n_states: number q of states 0 .. q-1 of a site; ``None`` for reals and spins.
        has_posterior: whether the posterior of its noise, and so the exact score, can be had.
        samples_exactly: whether samples are drawn independently; if not, by a Markov chain.
    """

    dim: int
    state_space: StateSpace
    n_states: int | None = None
    has_posterior: bool = True
    samples_exactly: bool = True

    @abstractmethod
    def log_prob(self, x: Tensor) -> Tensor:
        """Normalised log p(x), shape ``(n, d) -> (n,)``, float64."""

    def entropy(self) -> float:
        """Exact -E log p(x), nats."""
        raise UserError(f"got {type(self).__name__}, whose entropy has no exact value")

    @abstractmethod
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw ``n`` independent exact samples, shape ``(n, d)``, float32."""

    @abstractmethod
    def mean(self) -> Tensor:
        """Exact E[x], shape ``(d,)``, float64."""

    @abstractmethod
    def covariance(self) -> Tensor:
        """Exact Cov[x], shape ``(d, d)``, float64."""

    @abstractmethod
    def squared_deviations(self) -> Tensor:
        """E[(x_i - mu_i)^2 (x_j - mu_j)^2], shape ``(d, d)``, float64: the covariance's floor."""

    @abstractmethod
    def marginal(self, site: int, x: Tensor) -> Tensor:
        """Probability (spins) or density (reals) of x_site at the points x, ``(m,)``, float64."""

    @abstractmethod
    def marginal_cdf(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """P(X_i < x_i) and P(X_i <= x_i) for ``(n, d)`` points; the two are equal for reals."""

    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """Plain values that determine the law; with the class name they key its caches."""

    def observables(self) -> list[Observable]:
        """Statistics with exact values by which samples of this law are judged."""
        return moment_observables(self)

    def gaussian_posterior(
        self, x_t: Tensor, alpha: Tensor, sigma: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Evidence and posterior mean of x_0 given x_t = alpha x_0 + sigma z, z ~ N(0, I); reals.

        Args:
            x_t: noisy points, shape ``(n, d)``.
            alpha: signal scale, shape ``(n,)``.
            sigma: noise scale, shape ``(n,)``, > 0.

        Returns:
            log p(x_t), shape ``(n,)``, and E[x_0 | x_t], shape ``(n, d)``, both float64.
        """
        raise UserError(
            f"got {type(self).__name__}, which has no exact posterior of Gaussian noise"
        )

    def site_posterior(self, log_likelihood: Tensor) -> tuple[Tensor, Tensor]:
        """Leave-one-out posterior of sites that are seen one by one; spins and categorical sites.

        Args:
            log_likelihood: log l_i(b) of each site's observation under each of its q states b,
                shape ``(n, d, q)``; -1 before +1 for spins.

        Returns:
            log sum_x p(x) prod_i l_i(x_i), shape ``(n,)``, and log P(x_i = b | the observations of
            all *other* sites), shape ``(n, d, q)``, both float64.
        """
        raise UserError(f"got {type(self).__name__}, which has no exact posterior of noisy sites")


def moment_observables(target: Target) -> list[Observable]:
    """Mean (L1 and L2) and covariance (Frobenius) against the exact moments.

    With n i.i.d. samples E|m - mu|^2 = tr(Sigma)/n and E|C - Sigma|_F^2 = c^2/n with
    c^2 = sum_ij (E[dx_i^2 dx_j^2] - Sigma_ij^2), C the estimator that knows mu.
    """
    mean, covariance = target.mean(), target.covariance()

    def sample_mean(x: Tensor) -> Tensor:
        return x.double().mean(-2)

    def sample_covariance(x: Tensor) -> Tensor:
        deviation = x.double() - mean.to(x.device)
        return (deviation.mT @ deviation / x.shape[-2]).flatten(-2)

    trace = float(covariance.diagonal().sum())
    spread = float((target.squared_deviations() - covariance**2).sum())
    return [
        Observable("mean_l1", "mean, L1", sample_mean, mean, norm="l1"),
        Observable("mean_l2", "mean, L2", sample_mean, mean, norm="l2", variance=trace),
        Observable(
            "cov_frobenius",
            "covariance, Frobenius",
            sample_covariance,
            covariance.flatten(),
            norm="l2",
            variance=spread,
        ),
    ]


def check_spins(x: Tensor, dim: int) -> None:
    """Raise ``UserError`` unless ``x`` is ``(n, dim)`` with entries -1 or +1."""
    check_width(x, dim)
    wrong = int((x.abs() != 1).sum())
    if wrong:
        raise UserError(f"got {wrong} entries that are not spins, expected -1 or +1 only: map them")


def check_states(x: Tensor, dim: int, n_states: int) -> None:
    """Raise ``UserError`` unless ``x`` is ``(n, dim)`` with entries 0 .. n_states - 1."""
    check_width(x, dim)
    wrong = int(((x != x.round()) | (x < 0) | (x >= n_states)).sum())
    if wrong:
        raise UserError(
            f"got {wrong} entries that are not states, expected 0 to {n_states - 1}: map them"
        )


def check_width(x: Tensor, dim: int) -> None:
    """Raise ``UserError`` unless ``x`` is ``(n, dim)``."""
    if x.ndim != 2 or x.shape[1] != dim:
        raise UserError(
            f"got points of shape {tuple(x.shape)}, expected (n, {dim}):"
            " one column a site; is dim right?"
        )


def check_fixed_dim(target: Target, dim: int) -> None:
    """Raise ``UserError`` unless ``dim`` is that of a law which comes in one size only."""
    if dim != target.dim:
        raise UserError(
            f"got dim={dim}, expected {target.dim}: {type(target).__name__} has no other size"
        )
