"""A Gaussian kernel on every point: what a network that memorises its data would answer."""

import hashlib
import math
from typing import Any

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.targets.base import Target, check_width

# Distances held at once: 64 MiB of them, and a few arrays of that size beside.
ENTRIES = 2**23
# x_t / alpha stays finite at alpha = 0, and its distance to a point, times alpha, keeps its digits.
SMALLEST_ALPHA = 1e-100


class KernelMixture(Target):
    """p(x) = sum_j w_j N(x; x_j, b^2 I), the x_j being data.

    With b far below every noise in use, its posterior mean and score are those of the training
    points themselves: the minimiser of the denoising loss over all functions. Weights may come from
    a quadrature rule, so that this is also a law with a continuum of centres.

    Args:
        points: x_j, shape ``(m, d)``.
        bandwidth: b > 0.
        weights: w_j > 0, normalised here, shape ``(m,)``; ``None`` for equal ones.
    """

    state_space = "real"
    temperature = 1.0

    def __init__(self, points: Tensor, bandwidth: float, weights: Tensor | None = None) -> None:
        if points.ndim != 2 or not len(points):
            raise UserError(f"got points of shape {tuple(points.shape)}, expected (m, d), m >= 1")
        if not bandwidth > 0:
            raise UserError(
                f"got bandwidth={bandwidth}, expected > 0: one far below the smallest noise"
                " stands for none"
            )
        weights = torch.ones(len(points)) if weights is None else weights
        if weights.shape != points.shape[:1] or not (weights > 0).all():
            raise UserError(
                f"got weights of shape {tuple(weights.shape)}, expected ({len(points)},), all > 0"
            )
        self.dim = points.shape[1]
        self.points = points.double()
        self.bandwidth = bandwidth
        self.weights = weights.double() / weights.double().sum()

    def log_prob(self, x: Tensor) -> Tensor:
        """Normalised log p(x), ``(n,)``, float64."""
        one = torch.ones(len(x), dtype=torch.float64, device=x.device)
        return self.gaussian_posterior(x, one, 0 * one)[0]

    def energy(self, x: Tensor) -> Tensor:
        """-log p(x), ``(n,)``: the energy at temperature 1 whose log Z is 0."""
        return -self.log_prob(x)

    def score(self, x: Tensor) -> Tensor:
        """Grad log p(x) = (E[x_j | x] - x) / b^2, ``(n, d)``, float64."""
        check_width(x, self.dim)
        one = torch.ones(len(x), dtype=torch.float64, device=x.device)
        _, centre = self._centres(x.double(), one, self.bandwidth**2 * one)
        return (centre - x.double()) / self.bandwidth**2

    def gaussian_posterior(
        self, x_t: Tensor, alpha: Tensor, sigma: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Log evidence and posterior mean; see ``Target.gaussian_posterior``. sigma may be 0.

        Given x_j, E[x_0 | x_t, x_j] = (sigma^2 x_j + alpha b^2 x_t) / (alpha^2 b^2 + sigma^2).
        """
        check_width(x_t, self.dim)
        x_t, alpha, sigma = x_t.double(), alpha.double(), sigma.double()
        variance = (alpha * self.bandwidth) ** 2 + sigma**2
        evidence, centre = self._centres(x_t, alpha, variance)
        own = (alpha * self.bandwidth**2 / variance)[:, None] * x_t
        return evidence, own + (sigma**2 / variance)[:, None] * centre

    def _centres(self, x_t: Tensor, alpha: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Log sum_j w_j N(x_t; alpha x_j, v I), ``(n,)``, and E[x_j | x_t], ``(n, d)``."""
        points, log_weights = self.points.to(x_t.device), self.weights.to(x_t.device).log()
        evidence, centre = torch.empty_like(alpha), torch.empty_like(x_t)
        alpha = alpha.clamp(min=SMALLEST_ALPHA)[:, None]
        for rows in _blocks(len(x_t), len(points)):
            # Not through the product of matrices, which cancels where points are close.
            distance = torch.cdist(
                x_t[rows] / alpha[rows], points, compute_mode="donot_use_mm_for_euclid_dist"
            )
            exponent = (distance * alpha[rows]) ** 2 / (2 * variance[rows, None])
            log_joint = log_weights - exponent
            evidence[rows] = log_joint.logsumexp(1)
            centre[rows] = log_joint.softmax(1) @ points
        return evidence - self.dim / 2 * (2 * math.pi * variance).log(), centre

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw ``n`` independent samples, ``(n, d)``, float32."""
        chosen = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        z = torch.randn(n, self.dim, dtype=torch.float64, generator=generator)
        return (self.points[chosen] + self.bandwidth * z).float()

    def mean(self) -> Tensor:
        """Exact E[x], ``(d,)``."""
        return self.weights @ self.points

    def covariance(self) -> Tensor:
        """Exact Cov[x], ``(d, d)``."""
        offset = self.points - self.mean()
        eye = torch.eye(self.dim, dtype=torch.float64)
        return (self.weights[:, None] * offset).mT @ offset + self.bandwidth**2 * eye

    def squared_deviations(self) -> Tensor:
        """Exact E[(x_i - mu_i)^2 (x_j - mu_j)^2], ``(d, d)``."""
        square, own = (self.points - self.mean()) ** 2, self.bandwidth**2
        second = square + own
        total = (self.weights[:, None] * second).mT @ second
        return total + torch.diag(4 * own * (self.weights @ square) + 2 * own**2)

    def marginal(self, site: int, x: Tensor) -> Tensor:
        """Density of x_site at the points x, ``(m,)``."""
        density = torch.empty(len(x), dtype=torch.float64)
        for rows in _blocks(len(x), len(self.points)):
            z = (x[rows].double()[:, None] - self.points[:, site]) / self.bandwidth
            density[rows] = (-(z**2) / 2).exp() @ self.weights
        return density / (self.bandwidth * math.sqrt(2 * math.pi))

    def marginal_cdf(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """P(X_i <= x_i) twice, ``(n, d)``."""
        check_width(x, self.dim)
        cdf = torch.empty(x.shape, dtype=torch.float64)
        for rows in _blocks(len(x), len(self.points)):
            for site in range(self.dim):
                z = (x[rows, site].double()[:, None] - self.points[:, site]) / self.bandwidth
                cdf[rows, site] = torch.special.ndtr(z) @ self.weights
        return cdf, cdf

    def parameters(self) -> dict[str, Any]:
        """Plain values that determine the law: for the many points, their hash."""
        return {
            "bandwidth": self.bandwidth,
            "shape": list(self.points.shape),
            "points": _hash(self.points),
            "weights": _hash(self.weights),
        }


def _blocks(n: int, columns: int) -> tuple[Tensor, ...]:
    """Rows 0 .. n-1 in blocks whose matrices of ``columns`` columns fit the memory."""
    return torch.arange(n).split(max(1, ENTRIES // columns))


def _hash(values: Tensor) -> str:
    return hashlib.sha256(values.cpu().contiguous().numpy().tobytes()).hexdigest()
