"""The one interface between what knows the law (learned or exact) and what draws from it."""

import math
from abc import abstractmethod
from typing import Any, cast

import torch
from torch import Tensor, nn

from truescore.processes import DiscreteProcess, GaussianNoise, SpinFlip
from truescore.processes.discrete import by_site
from truescore.state_space import StateSpace


class Denoiser(nn.Module):
    """Answers questions about x_0 given x_t; points are ``(n, d)``, times ``(n,)``, t = 0 data."""

    state_space: StateSpace

    @abstractmethod
    def sample_prior(self, n: int, dim: int, generator: torch.Generator) -> Tensor:
        """Draw ``(n, dim)`` points of the law from which samplers start at t = T."""


class RealDenoiser(Denoiser):
    """A denoiser of x_t = alpha x_0 + sigma z, defined by its posterior mean E[x_0 | x_t].

    Attributes:
        spectrum: eigenvalues l_k of the second moments E[x_0 x_0'], ``(d,)``, ascending.
        basis: their eigenvectors, in columns, ``(d, d)``.
        mean: m = E[x_0], ``(d,)``; zero where the model is odd.
    """

    state_space = "real"
    process: GaussianNoise
    spectrum: Tensor
    basis: Tensor
    mean: Tensor

    @abstractmethod
    def posterior_mean(self, x_t: Tensor, t: Tensor) -> Tensor:
        """E[x_0 | x_t], ``(n, d)``."""

    def sample_prior(self, n: int, dim: int, generator: torch.Generator) -> Tensor:
        """N(alpha m, alpha^2 Cov[x_0] + sigma^2 I) at t = T: the mean and covariance of x_T.

        N(0, I), the usual choice, has 0.2 % too little variance in the coherent mode of a chain of
        64 at the end of VP noise, which the flow carries all the way to the data.
        """
        z = torch.randn(n, dim, generator=generator, device=generator.device)
        _, spread = self._scales_at_horizon()
        return (self.prior_modes(z) @ (spread * self.basis).mT.to(z)).contiguous()

    def prior_modes(self, z: Tensor) -> Tensor:
        """The prior in whitened modes, w ~ N(b, I - b b'), from normal numbers z ``(n, d)``.

        w_k is the amplitude of x_T in mode k over sqrt(alpha^2 l_k + sigma^2), so that E[w w'] = I.
        With (I - c b b')^2 = I - b b', w = z + b - c (z . b) b; w is z itself if m = 0.
        """
        b, left = self._mean_mode(z)
        return z + b - (z @ b)[:, None] * b / (1 + left.sqrt())

    def prior_log_prob(self, w: Tensor) -> Tensor:
        """Log density of the prior at whitened modes w ``(n, d)``, nats, ``(n,)``."""
        b, left = self._mean_mode(w)
        offset = w - b
        square = offset.square().sum(-1) + (offset @ b) ** 2 / left
        return -(square + left.log() + len(b) * math.log(2 * math.pi)) / 2

    def _mean_mode(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Of w at t = T: the mean b, ``(d,)``, and 1 - |b|^2 > 0, its covariance's determinant."""
        alpha, spread = self._scales_at_horizon()
        b = alpha * (self.mean @ self.basis) / spread
        # Second moments in float32 tell no smaller share of the variance from the mean's.
        left = (1 - b @ b).clamp(min=torch.finfo(torch.float32).eps)
        return b.to(like), left.to(like)

    def _scales_at_horizon(self) -> tuple[float, Tensor]:
        """Alpha at t = T, and the root mean square of each mode of x_T there, ``(d,)``."""
        horizon = torch.tensor(self.process.horizon, dtype=torch.float64)
        alpha, sigma = float(self.process.alpha(horizon)), float(self.process.sigma(horizon))
        return alpha, (alpha**2 * self.spectrum + sigma**2).sqrt()

    def score(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Grad log p_t(x_t) = (alpha E[x_0 | x_t] - x_t) / sigma^2, ``(n, d)`` (Tweedie)."""
        alpha, sigma = self.process.alpha(t)[:, None], self.process.sigma(t)[:, None]
        return (alpha * self.posterior_mean(x_t, t) - x_t) / sigma**2

    def noise(self, x_t: Tensor, t: Tensor) -> Tensor:
        """E[z | x_t] = (x_t - alpha E[x_0 | x_t]) / sigma, ``(n, d)``."""
        alpha, sigma = self.process.alpha(t)[:, None], self.process.sigma(t)[:, None]
        return (x_t - alpha * self.posterior_mean(x_t, t)) / sigma

    def whiten(self, residual: Tensor, s: Tensor) -> Tensor:
        """Errors of the posterior mean ``(n, d)`` by eigenmode, each in units of its own.

        The unit is the geometric mean of the spread of x_0 given y = x_t/alpha, sqrt(v s^2 / (v +
        s^2)) for a Gaussian law with variance v in this mode, which makes the noise of all errors
        alike, and of the correction c(l, s) that is to be learned, which makes all corrections
        alike; s = sigma/alpha, ``(n, 1)``.
        """
        basis, variance, correctable = self.correction_modes()
        spread = s * (variance / (variance + s**2)).sqrt()
        return (residual @ basis.to(residual)) / (spread * correction_size(correctable, s)).sqrt()

    def correction_modes(self) -> tuple[Tensor, Tensor, Tensor]:
        """Eigenmodes ``(d, d)``, variance v of x_0 in each, and the part l of it to be learned."""
        return self.basis, self.spectrum, self.spectrum


class MeasuredDenoiser(RealDenoiser):
    """A denoiser of reals that keeps the data's moments beside its weights.

    Args:
        process: forward process.
        second_moment: E[x x'] of the training data, ``(d, d)``.
        mean: their mean, ``(d,)``; zero unless given, as a model that is odd by construction has.
    """

    def __init__(
        self, process: GaussianNoise, second_moment: Tensor, mean: Tensor | None = None
    ) -> None:
        super().__init__()
        self.process = process
        spectrum, basis = torch.linalg.eigh(second_moment.double())
        self.register_buffer("spectrum", spectrum.float())
        self.register_buffer("basis", basis.float())
        self.register_buffer("mean", torch.zeros(len(basis)) if mean is None else mean.float())

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        # Weights of a run from before the mean was kept start as they did.
        state_dict.setdefault(prefix + "mean", torch.zeros_like(self.mean))
        super()._load_from_state_dict(state_dict, prefix, *rest)


class DiscreteDenoiser(Denoiser):
    """A denoiser of sites that jumped, defined by leave-one-out laws of the clean sites.

    Times are ``(n,)``, one a point, or ``(n, d)``, one a site. What sites do between two times
    follows by closed formulas, which hold because each jumps on its own.

    Attributes:
        masked_only: whether answers hold where a site is masked alone, as those of a network that
            reads all sites; samplers under masks ask for no others.
    """

    process: DiscreteProcess
    masked_only: bool = False

    @abstractmethod
    def clean_log_probs(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Log P(x_0^i = b | x_t without x_t^i), ``(n, d, q)``; output i must not see x_t^i."""

    def noisy_log_probs(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Log P(x_t^i = b | x_t without x_t^i), ``(n, d, m)``, masks included.

        Differences are the log-ratios log p_t(x_t with b at i) - log p_t(x_t with c at i).
        """
        return self.process.log_forward(self.clean_log_probs(x_t, t), t)

    def hidden_log_probs(self, x_t: Tensor, t: Tensor) -> Tensor:
        """``clean_log_probs`` of sites that are hidden before they are asked for.

        One evaluation; where answers hold at masked sites alone each site is masked in its turn,
        in d evaluations.
        """
        if not self.masked_only:
            return self.clean_log_probs(x_t, t)
        answers = []
        for site in range(x_t.shape[1]):
            x = x_t.clone()
            x[:, site] = self.process.symbols[-1]
            answers.append(self.clean_log_probs(x, t)[:, site])
        return torch.stack(answers, 1)

    def data_log_probs(self, x: Tensor) -> Tensor:
        """Log P(x_0^i = b | x_0 without x_0^i) at t = 0, ``(n, d, q)``.

        Under masks they do not depend on the time. Else two times are extrapolated, 2 f(t_min) -
        f(2 t_min), since a network is trained from t_min on: what t_min changes to first order
        drops out. (On a ring of six at T = J with t_min = 1e-3 the error, averaged over the law,
        falls from 5e-3 to 3e-4. It is larger for neighbours that are themselves less probable than
        t_min.)
        """
        t = torch.full((len(x),), self.process.t_min, device=x.device)
        if self.process.masks:
            return self.hidden_log_probs(x, t)
        return (2 * self.clean_log_probs(x, t) - self.clean_log_probs(x, 2 * t)).log_softmax(-1)

    def sample_prior(self, n: int, dim: int, generator: torch.Generator) -> Tensor:
        """The law that the process ends in."""
        return self.process.sample_prior(n, dim, generator)


class SpinDenoiser(DiscreteDenoiser):
    """A denoiser of spins, defined by leave-one-out log-odds of the clean spin."""

    state_space = "spin"

    @abstractmethod
    def log_odds(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Logit of P(x_0^i = +1 | x_t without x_t^i), ``(n, d)``; output i must not see x_t^i."""

    def clean_log_probs(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Log P(x_0^i = -1 | ...) and log P(x_0^i = +1 | ...), ``(n, d, 2)``."""
        log_odds = self.log_odds(x_t, t)
        return nn.functional.logsigmoid(torch.stack([-log_odds, log_odds])).movedim(0, -1)

    def site_log_odds(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Logit of P(x_t^i = +1 | x_t without x_t^i) = alpha pi_i + (1 - alpha)/2, ``(n, d)``.

        Under flips; masks leave no such spin.
        """
        flip_probability = cast(SpinFlip, self.process).flip_probability(t)
        return attenuate(self.log_odds(x_t, t), by_site(flip_probability))

    def concrete_score(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Log p_t(flip_i x_t) - log p_t(x_t), ``(n, d)``; under flips."""
        return -x_t * self.site_log_odds(x_t, t)

    def posterior_mean(self, x_t: Tensor, t: Tensor) -> Tensor:
        """E[x_0^i | x_t], the site's own noisy spin included, ``(n, d)``; under flips."""
        own = x_t * by_site(cast(SpinFlip, self.process).evidence(t))
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


def correction_size(variance: Tensor, s: Tensor) -> Tensor:
    """c(l, s) = s^2 sqrt(l) / (l + s^2): how large a correction to the posterior mean can be."""
    return s**2 * variance.sqrt() / (variance + s**2)
