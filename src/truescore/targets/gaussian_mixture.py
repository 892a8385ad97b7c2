"""Mixtures of Gaussians: closed forms at every noise level."""

from typing import Any

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.targets.base import Target, check_width


class GaussianMixture(Target):
    """p(x) = sum_k w_k N(x; m_k, S_k).

    Args:
        weights: w_k > 0, normalised here, shape ``(k,)``.
        means: m_k, shape ``(k, d)``.
        covariances: S_k, symmetric positive definite, shape ``(k, d, d)``.
    """

    state_space = "real"
    temperature = 1.0

    def __init__(self, weights: Tensor, means: Tensor, covariances: Tensor) -> None:
        weights, means, covariances = weights.double(), means.double(), covariances.double()
        if covariances.shape != (*means.shape, means.shape[-1]) or weights.shape != means.shape[:1]:
            raise UserError(
                f"got weights {tuple(weights.shape)}, means {tuple(means.shape)}, covariances"
                f" {tuple(covariances.shape)}, expected (k,), (k, d), (k, d, d)"
            )
        if not (weights > 0).all():
            raise UserError("got a weight that is not positive: drop that component")
        self.dim = means.shape[1]
        self.weights = weights / weights.sum()
        self.means = means
        self.covariances = covariances
        self.spectrum, self.basis = torch.linalg.eigh(covariances)
        if not (self.spectrum > 0).all():
            raise UserError("got a covariance that is not positive definite: regularise it")

    def log_prob(self, x: Tensor) -> Tensor:
        """Normalised log p(x), ``(n,)``, float64."""
        one = torch.ones(len(x), dtype=torch.float64, device=x.device)
        return self.gaussian_posterior(x, one, 0 * one)[0]

    def energy(self, x: Tensor) -> Tensor:
        """-log p(x), ``(n,)``: the energy at temperature 1 whose log Z is 0."""
        return -self.log_prob(x)

    def score(self, x: Tensor) -> Tensor:
        """Grad log p(x) = sum_k P(k | x) S_k^-1 (m_k - x), ``(n, d)``, float64."""
        one = torch.ones(len(x), dtype=torch.float64, device=x.device)
        log_joint, pull = self._components(x, one, 0 * one)
        gradients = torch.einsum("kij,nkj->nki", self.basis, -pull)
        return (log_joint.softmax(1)[..., None] * gradients).sum(1)

    def gaussian_posterior(
        self, x_t: Tensor, alpha: Tensor, sigma: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Log evidence and posterior mean; see ``Target.gaussian_posterior``. sigma may be 0."""
        alpha = alpha.double()
        log_joint, pull = self._components(x_t, alpha, sigma.double())
        shrunk = alpha[:, None, None] * self.spectrum * pull
        component_means = self.means + torch.einsum("kij,nkj->nki", self.basis, shrunk)
        mean = (log_joint.softmax(1)[..., None] * component_means).sum(1)
        return log_joint.logsumexp(1), mean

    def _components(self, x_t: Tensor, alpha: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Each component's joint density with x_t, and its pull.

        With C_k = alpha^2 S_k + sigma^2 these are log w_k N(x_t; alpha m_k, C_k), ``(n, k)``, and
        C_k^-1 (x_t - alpha m_k) in the eigenbasis of S_k, where all is diagonal, ``(n, k, d)``.
        """
        check_width(x_t, self.dim)
        offset = x_t.double()[:, None] - alpha[:, None, None] * self.means
        deviation = torch.einsum("kij,nki->nkj", self.basis, offset)
        variance = alpha[:, None, None] ** 2 * self.spectrum + sigma[:, None, None] ** 2
        pull = deviation / variance
        log_density = -(deviation * pull + (2 * torch.pi * variance).log()).sum(-1) / 2
        return self.weights.log() + log_density, pull

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw ``n`` independent samples, ``(n, d)``, float32."""
        component = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        z = torch.randn(n, self.dim, dtype=torch.float64, generator=generator)
        x = torch.empty_like(z)
        for k in range(len(self.weights)):
            chosen = component == k
            x[chosen] = self.means[k] + (z[chosen] * self.spectrum[k].sqrt()) @ self.basis[k].mT
        return x.float()

    def mean(self) -> Tensor:
        """Exact E[x], ``(d,)``."""
        return self.weights @ self.means

    def covariance(self) -> Tensor:
        """Exact Cov[x], ``(d, d)``."""
        offset = self.means - self.mean()
        within = torch.einsum("k,kij->ij", self.weights, self.covariances)
        return within + torch.einsum("k,ki,kj->ij", self.weights, offset, offset)

    def squared_deviations(self) -> Tensor:
        """Exact E[(x_i - mu_i)^2 (x_j - mu_j)^2], ``(d, d)``, by Isserlis within each component."""
        total = torch.zeros(self.dim, self.dim, dtype=torch.float64)
        for weight, mean, covariance in zip(
            self.weights, self.means, self.covariances, strict=True
        ):
            offset = mean - self.mean()
            second = covariance.diagonal() + offset**2
            mixed = covariance * (2 * covariance + 4 * offset[:, None] * offset)
            total += weight * (second[:, None] * second + mixed)
        return total

    def marginal(self, site: int, x: Tensor) -> Tensor:
        """Density of x_site at the points x, ``(m,)``."""
        variance = self.covariances[:, site, site]
        deviation = x.double()[:, None] - self.means[:, site]
        density = (-(deviation**2) / variance / 2).exp() / (2 * torch.pi * variance).sqrt()
        return density @ self.weights

    def marginal_cdf(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """P(X_i <= x_i) twice, ``(n, d)``."""
        scale = self.covariances.diagonal(dim1=-2, dim2=-1).sqrt()
        z = (x.double()[:, None] - self.means) / scale
        cdf = torch.einsum("k,nkd->nd", self.weights, torch.special.ndtr(z))
        return cdf, cdf

    def parameters(self) -> dict[str, Any]:
        """Plain values that determine the law."""
        return {
            "weights": self.weights.tolist(),
            "means": self.means.tolist(),
            "covariances": self.covariances.tolist(),
        }
