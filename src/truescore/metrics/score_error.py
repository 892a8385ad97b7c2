"""The error of a score against the exact one, over the noise level."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import softplus

from truescore.denoisers import Denoiser, DiscreteDenoiser, RealDenoiser, SpinDenoiser
from truescore.errors import UserError
from truescore.metrics.verdict import Judgement
from truescore.processes import Absorbing, DiscreteProcess, Process, SpinFlip

BOOTSTRAP_AT_ONCE = 100


@dataclass(frozen=True)
class ScoreErrorCurve:
    """Squared score errors of n held-out samples at L noise levels, from noise to data.

    Reals: error = sqrt(E|s - s*|^2 / E|s*|^2), the relative L2 error. Spins and states: error = KL
    of the laws of x_t^i given all other sites, exact against learned, averaged over i, in nats.

    Attributes:
        times: t of each level, ``(L,)``, decreasing.
        log_snr: log signal-to-noise ratio of each level, ``(L,)``, equally spaced.
        numerator: |s - s*|^2, or the KL per site, of each sample, ``(n, L)``.
        denominator: |s*|^2 of each sample, ``(n, L)``; ``None`` for spins and states.
    """

    times: Tensor
    log_snr: Tensor
    numerator: Tensor
    denominator: Tensor | None

    @property
    def error(self) -> Tensor:
        """The error at each level, ``(L,)``."""
        return self._errors(torch.ones(1, len(self.numerator), dtype=torch.float64))[0]

    @property
    def standard_error(self) -> Tensor:
        """Standard error of ``error`` over the held-out samples, ``(L,)``."""
        root_n = len(self.numerator) ** 0.5
        if self.denominator is None:
            return self.numerator.std(0) / root_n
        # Of a ratio of means A/B: the scatter of a - (A/B) b, over B; its root by the chain rule.
        error, scale = self.error, self.denominator.mean(0)
        scatter = (self.numerator - error**2 * self.denominator).std(0) / root_n
        return torch.where(error > 0, scatter / scale / (2 * error), 0.0)

    def mean(
        self,
        density: Callable[[Tensor], Tensor] | None = None,
        n_bootstrap: int = 1000,
        seed: int = 0,
    ) -> Judgement:
        """One number: the mean over noise levels, of the square for reals (then its root).

        No sampling noise stands between this and the model's own error (perfect scores have floor
        0), so it is its own debiased value. The interval is a bootstrap over the held-out samples.

        Args:
            density: unnormalised density of the log-SNR at which the model is trained,
                elementwise; ``None`` for uniform, as the losses draw it.
            n_bootstrap: number of resamples.
            seed: of the resampling.
        """
        weight = torch.ones_like(self.log_snr)
        weight[[0, -1]] = 0.5
        if density is not None:
            weight = weight * density(self.log_snr)
        weight = weight / weight.sum()
        n = len(self.numerator)
        value = float(self._mean(torch.ones(1, n, dtype=torch.float64), weight))
        generator = torch.Generator().manual_seed(seed)
        uniform = torch.ones(n, dtype=torch.float64)
        resampled = []
        for start in range(0, n_bootstrap, BOOTSTRAP_AT_ONCE):
            size = min(BOOTSTRAP_AT_ONCE, n_bootstrap - start)
            drawn = torch.randint(n, (size, n), generator=generator)
            counts = torch.zeros(size, n, dtype=torch.float64)
            counts.scatter_add_(1, drawn, uniform.expand_as(drawn))
            resampled.append(self._mean(counts, weight))
        low, high = torch.cat(resampled).quantile(torch.tensor([0.025, 0.975]).double()).tolist()
        return Judgement(value, floor=0.0, debiased=value, ci_low=low, ci_high=high)

    def as_dict(self) -> dict[str, list[float]]:
        """The curve in plain numbers."""
        return {
            name: getattr(self, name).tolist()
            for name in ("times", "log_snr", "error", "standard_error")
        }

    def _errors(self, counts: Tensor) -> Tensor:
        """Errors of weighted samples, ``(B, n) -> (B, L)``."""
        total = counts @ self.numerator
        if self.denominator is None:
            return total / counts.sum(1, keepdim=True)
        return (total / (counts @ self.denominator)).sqrt()

    def _mean(self, counts: Tensor, weight: Tensor) -> Tensor:
        errors = self._errors(counts)
        return errors @ weight if self.denominator is None else (errors**2 @ weight).sqrt()


def score_error_curve(
    denoiser: Denoiser,
    exact: Denoiser,
    process: Process,
    x_0: Tensor,
    n_levels: int = 20,
    seed: int = 0,
    chunk_size: int = 500,
) -> ScoreErrorCurve:
    """One denoiser's curve; arguments as in `score_error_curves`."""
    return score_error_curves([denoiser], exact, process, x_0, n_levels, seed, chunk_size)[0]


def score_error_curves(
    denoisers: Sequence[Denoiser],
    exact: Denoiser,
    process: Process,
    x_0: Tensor,
    n_levels: int = 20,
    seed: int = 0,
    chunk_size: int = 500,
) -> list[ScoreErrorCurve]:
    """Compare denoisers' scores with the exact one on the same noised held-out samples.

    The levels are equally spaced in log-SNR between the process's ends. Equal seeds give equal
    noise. The exact score, most of the work, is computed once for all denoisers.

    Args:
        denoisers: what is judged; called in the precision and on the device of their weights.
        exact: the oracle of the same law and process, called in float64.
        process: forward noising.
        x_0: exact held-out samples, ``(n, d)``.
        n_levels: number L of noise levels, at least 2.
        seed: of the noise.
        chunk_size: samples per call.
    """
    spaces = {part.state_space for part in (*denoisers, exact, process)}
    if len(spaces) > 1:
        raise UserError(
            f"got {' with '.join(sorted(spaces))} values, expected denoisers and process of one:"
            " choose so"
        )
    if len(x_0) < 2 or n_levels < 2:
        raise UserError(f"got {len(x_0)} samples, {n_levels} levels, expected at least 2 of each")
    log_snr, times = noise_levels(process, n_levels)
    discrete = isinstance(process, DiscreteProcess)
    flips = isinstance(process, SpinFlip)
    answer = _log_odds if flips else _log_laws if discrete else _score
    compare = _flips_apart if flips else _laws_apart if discrete else _squares
    generator = torch.Generator().manual_seed(seed)
    shape = len(denoisers), len(x_0), n_levels
    numerators, denominators = torch.empty(2, *shape, dtype=torch.float64)
    with torch.no_grad():
        for level, time in enumerate(times.float()):
            for rows in torch.arange(len(x_0)).split(chunk_size):
                t = time.expand(len(rows))
                x_t = process.perturb(x_0[rows].float(), t, generator)
                truth = answer(exact, x_t.double(), t.double())
                for k, denoiser in enumerate(denoisers):
                    pair = compare(denoiser, truth, x_t, t)
                    numerators[k, rows, level], denominators[k, rows, level] = pair
    pairs = zip(numerators, denominators, strict=True)
    return [ScoreErrorCurve(times, log_snr, of, None if discrete else by) for of, by in pairs]


def noise_levels(process: Process, n_levels: int) -> tuple[Tensor, Tensor]:
    """Equally spaced log-SNR between the process's ends, from noise to data, and their times."""
    ends = torch.tensor([process.horizon, process.t_min], dtype=torch.float64)
    low, high = process.log_snr(ends).tolist()
    log_snr = torch.linspace(low, high, n_levels, dtype=torch.float64)
    # The inverse may round to just outside the range that a denoiser accepts.
    return log_snr, process.time_from_log_snr(log_snr).clamp(process.t_min, process.horizon)


def _score(denoiser: Denoiser, x_t: Tensor, t: Tensor) -> Tensor:
    return cast(RealDenoiser, denoiser).score(x_t, t)


def _log_odds(denoiser: Denoiser, x_t: Tensor, t: Tensor) -> Tensor:
    return cast(SpinDenoiser, denoiser).site_log_odds(x_t, t)


def _log_laws(denoiser: Denoiser, x_t: Tensor, t: Tensor) -> Tensor:
    """Log law of the noisy symbol of each site given the others."""
    denoiser = cast(DiscreteDenoiser, denoiser)
    return denoiser.process.log_forward(denoiser.clean_log_probs(x_t, t), t)


def _squares(denoiser: Denoiser, truth: Tensor, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """|s - s*|^2 and |s*|^2, ``(n,)`` each."""
    answer = _score(denoiser, *_as_weights(denoiser, x_t, t)).to(truth)
    return ((answer - truth) ** 2).sum(-1), (truth**2).sum(-1)


def _flips_apart(
    denoiser: Denoiser, truth: Tensor, x_t: Tensor, t: Tensor
) -> tuple[Tensor, Tensor]:
    """KL(exact || learned) of x_t^i given the others, averaged over sites, ``(n,)``; and ones."""
    answer = _log_odds(denoiser, *_as_weights(denoiser, x_t, t)).to(truth)
    divergence = bernoulli_kl(truth, answer).mean(-1)
    return divergence, torch.ones_like(divergence)


def _laws_apart(denoiser: Denoiser, truth: Tensor, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """The same of sites with any symbols, masks among them; no formula in log-odds is needed."""
    denoiser, time = cast(DiscreteDenoiser, denoiser), t.double()
    clean = denoiser.clean_log_probs(*_as_weights(denoiser, x_t, t)).to(truth)
    # Normalised once more: in float32 the answers miss one by their rounding.
    answer = denoiser.process.log_forward(clean.log_softmax(-1), time)
    divergence = categorical_kl(truth, answer)
    if denoiser.masked_only:
        divergence = divergence * cast(Absorbing, denoiser.process).masked_weight(x_t, time)
    divergence = divergence.mean(-1)
    return divergence, torch.ones_like(divergence)


def categorical_kl(log_p: Tensor, log_q: Tensor) -> Tensor:
    """sum_b p (log p - log q), with 0 log 0 = 0, in nats, ``(..., m) -> (...)``."""
    difference = torch.where(log_p > -torch.inf, log_p - log_q, 0.0)
    return (log_p.exp() * difference).sum(-1).clamp(min=0)


def bernoulli_kl(a: Tensor, b: Tensor) -> Tensor:
    """KL between Bernoulli laws of logits a and b, in nats, elementwise.

    sigma(a) (a - b) + softplus(b) - softplus(a), written from the smaller side of a so that the
    tails keep their digits.
    """
    sign = torch.where(a > 0, -1.0, 1.0)
    a, b = sign * a, sign * b
    return (a.sigmoid() * (a - b) + softplus(b) - softplus(a)).clamp(min=0)


def _as_weights(denoiser: Denoiser, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """The inputs on the device and in the precision of a network; float64 if there is none."""
    weight = next(denoiser.parameters(), None)
    if weight is None:
        return x_t.double(), t.double()
    return x_t.to(weight), t.to(weight)
