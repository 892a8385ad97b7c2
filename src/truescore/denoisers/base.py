"""The one interface between what knows the law (learned or exact) and what draws from it."""

from abc import abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn

from truescore.processes import GaussianNoise, SpinFlip


class Denoiser(nn.Module):
    """Answers questions about x_0 given x_t; points are ``(n, d)``, times ``(n,)``, t = 0 data."""

    state_space: Literal["real", "spin"]

    @abstractmethod
    def sample_prior(self, n: int, dim: int, generator: torch.Generator) -> Tensor:
        """Draw ``(n, dim)`` points of the law from which samplers start at t = T."""


class RealDenoiser(Denoiser):
    """A denoiser of x_t = alpha x_0 + sigma z, defined by its posterior mean E[x_0 | x_t].

    Attributes:
        spectrum: eigenvalues l_k of the second moments E[x_0 x_0'], ``(d,)``, ascending.
        basis: their eigenvectors, in columns, ``(d, d)``.
    """

    state_space = "real"
    process: GaussianNoise
    spectrum: Tensor
    basis: Tensor

    @abstractmethod
    def posterior_mean(self, x_t: Tensor, t: Tensor) -> Tensor:
        """E[x_0 | x_t], ``(n, d)``."""

    def sample_prior(self, n: int, dim: int, generator: torch.Generator) -> Tensor:
        """A Gaussian with the second moments of x_T, variance alpha^2 l_k + sigma^2 in mode k.

        N(0, I), the usual choice, has 0.2 % too little variance in the coherent mode of a chain of
        64 at the end of VP noise, which the flow carries all the way to the data.
        """
        z = torch.randn(n, dim, generator=generator, device=generator.device)
        horizon = torch.tensor(self.process.horizon, dtype=torch.float64)
        alpha, sigma = float(self.process.alpha(horizon)), float(self.process.sigma(horizon))
        spread = (alpha**2 * self.spectrum + sigma**2).sqrt()
        return (z @ (spread * self.basis).mT.to(z)).contiguous()

    def score(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Grad log p_t(x_t) = (alpha E[x_0 | x_t] - x_t) / sigma^2, ``(n, d)`` (Tweedie)."""
        alpha, sigma = self.process.alpha(t)[:, None], self.process.sigma(t)[:, None]
        return (alpha * self.posterior_mean(x_t, t) - x_t) / sigma**2

    def noise(self, x_t: Tensor, t: Tensor) -> Tensor:
        """E[z | x_t] = (x_t - alpha E[x_0 | x_t]) / sigma, ``(n, d)``."""
        alpha, sigma = self.process.alpha(t)[:, None], self.process.sigma(t)[:, None]
        return (x_t - alpha * self.posterior_mean(x_t, t)) / sigma


class SpinDenoiser(Denoiser):
    """A denoiser of flipped spins, defined by leave-one-out log-odds of the clean spin.

    Everything else follows by closed formulas, which hold for spins that flip independently.
    """

    state_space = "spin"
    process: SpinFlip

    def sample_prior(self, n: int, dim: int, generator: torch.Generator) -> Tensor:
        """The process's own stationary law."""
        return self.process.sample_prior(n, dim, generator)

    @abstractmethod
    def log_odds(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Logit of P(x_0^i = +1 | x_t without x_t^i), ``(n, d)``; output i must not see x_t^i."""

    def site_log_odds(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Logit of P(x_t^i = +1 | x_t without x_t^i) = alpha pi_i + (1 - alpha)/2, ``(n, d)``."""
        return attenuate(self.log_odds(x_t, t), self.process.flip_probability(t)[:, None])

    def concrete_score(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Log p_t(flip_i x_t) - log p_t(x_t), ``(n, d)``."""
        return -x_t * self.site_log_odds(x_t, t)

    def posterior_mean(self, x_t: Tensor, t: Tensor) -> Tensor:
        """E[x_0^i | x_t], the site's own noisy spin included, ``(n, d)``."""
        own = x_t * self.process.evidence(t)[:, None]
        return torch.tanh((self.log_odds(x_t, t) + own) / 2)


def attenuate(log_odds: Tensor, flip_probability: Tensor) -> Tensor:
    """Log-odds of a spin after it may have flipped: logit of (1 - q) p + q (1 - p).

    Both tails are summed in logs, so that large log-odds keep their digits in float32.
    """
    log_stay, log_flip = torch.log1p(-flip_probability), flip_probability.log()
    log_up = nn.functional.logsigmoid(log_odds)
    log_down = nn.functional.logsigmoid(-log_odds)
    up = torch.logaddexp(log_stay + log_up, log_flip + log_down)
    down = torch.logaddexp(log_stay + log_down, log_flip + log_up)
    return up - down
