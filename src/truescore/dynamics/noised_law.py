"""A law seen through Gaussian noise: where linear dynamics have carried it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.targets import Target


@dataclass(frozen=True)
class NoisedLaw:
    """The law of alpha x_0 + sigma z, x_0 ~ target, z ~ N(0, I).

    Args:
        target: a law of reals.
        alpha: signal scale.
        sigma: noise scale, >= 0; without noise alpha must be 1.
    """

    target: Target
    alpha: float = 1.0
    sigma: float = 0.0

    def __post_init__(self) -> None:
        if self.target.state_space != "real":
            raise UserError(
                f"got {type(self.target).__name__}, a law of spins, expected one of reals: spins"
                " have no gradient"
            )
        if self.sigma < 0 or (self.sigma == 0 and self.alpha != 1):
            raise UserError(
                f"got alpha={self.alpha:g}, sigma={self.sigma:g}, expected sigma > 0, or 0 with"
                " alpha = 1: add noise"
            )

    def log_prob(self, x: Tensor) -> Tensor:
        """Normalised log density, ``(n, d) -> (n,)``, float64."""
        return self.target.log_prob(x) if self.sigma == 0 else self._posterior(x)[0]

    def score(self, x: Tensor) -> Tensor:
        """Gradient of the log density, ``(n, d)``, of the points' dtype.

        Under noise (alpha E[x_0 | x] - x) / sigma^2: Robbins 1956, Tweedie's formula.
        """
        if self.sigma > 0:
            return ((self.alpha * self._posterior(x)[1] - x.double()) / self.sigma**2).to(x)
        score = getattr(self.target, "score", None)
        if score is None:
            raise UserError(
                f"got {type(self.target).__name__}, which has no score, expected a method"
                " score(x) -> (n, d), the gradient of log_prob: add one"
            )
        return score(x).to(x)

    def mean(self) -> Tensor:
        """Exact mean, ``(d,)``, float64."""
        return self.alpha * self.target.mean()

    def covariance(self) -> Tensor:
        """Exact covariance, ``(d, d)``, float64."""
        eye = torch.eye(self.target.dim, dtype=torch.float64)
        return self.alpha**2 * self.target.covariance() + self.sigma**2 * eye

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw ``n`` independent points, ``(n, d)``, float64."""
        x_0 = self.target.sample(n, generator).double()
        z = torch.randn(n, self.target.dim, dtype=torch.float64, generator=generator)
        return self.alpha * x_0 + self.sigma * z

    def _posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        ones = torch.ones(len(x), dtype=torch.float64, device=x.device)
        return self.target.gaussian_posterior(x, self.alpha * ones, self.sigma * ones)
