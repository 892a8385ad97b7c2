"""The evidence bound of a denoiser of spins or states, beside the law's exact entropy."""

from dataclasses import dataclass

import torch
from torch import Tensor

from truescore.denoisers import DiscreteDenoiser
from truescore.errors import UserError
from truescore.likelihood.path_bound import NORMAL_QUANTILE
from truescore.losses import ELBO
from truescore.metrics.score_error import categorical_kl
from truescore.processes import DiscreteProcess
from truescore.samplers.jumps import bridge
from truescore.targets import Target

CHUNK = 500


@dataclass(frozen=True)
class NegativeELBO:
    """A bound on the cross-entropy -E log p(x_0) of a model, under the exact law, in nats.

    Attributes:
        draws: the bound less -log p_0(x_0), of each exact sample, ``(n,)``: their mean is above the
            relative entropy of law and model.
        entropy: exact -E log p_0(x_0), for all sites.
        dim: number of sites d.
        prior: mean of what the prior costs.
        path: mean of the integral between t_min and T.
        reconstruction: mean of -log p(x_0 | x_{t_min}).
    """

    draws: Tensor
    entropy: float
    dim: int
    prior: float
    path: float
    reconstruction: float

    @property
    def per_site(self) -> float:
        """The bound, nats per site; the exact entropy's own scatter is taken out."""
        return self.entropy_per_site + float(self.draws.mean()) / self.dim

    @property
    def entropy_per_site(self) -> float:
        """What no model can go below, nats per site."""
        return self.entropy / self.dim

    @property
    def standard_error(self) -> float:
        """Of ``per_site``."""
        return float(self.draws.std()) / len(self.draws) ** 0.5 / self.dim

    @property
    def interval(self) -> tuple[float, float]:
        """95%, of the expectation of ``per_site``."""
        half = NORMAL_QUANTILE * self.standard_error
        return self.per_site - half, self.per_site + half

    def line(self) -> str:
        """For people, under the table."""
        excess, half = self.per_site - self.entropy_per_site, NORMAL_QUANTILE * self.standard_error
        return (
            f"Negative evidence bound: {self.per_site:.4f} nats a site, {excess:.2g}"
            f" [{excess - half:.2g}, {excess + half:.2g}] above the exact entropy"
            f" {self.entropy_per_site:.4f} ({len(self.draws)} exact samples)."
        )

    def as_dict(self) -> dict[str, float]:
        """Plain values for ``summary.json``."""
        low, high = self.interval
        return {
            "per_site": self.per_site,
            "ci_low": low,
            "ci_high": high,
            "entropy_per_site": self.entropy_per_site,
            "n": len(self.draws),
        }


def negative_elbo(
    denoiser: DiscreteDenoiser,
    target: Target,
    n: int,
    generator: torch.Generator,
    n_times: int = 16,
) -> NegativeELBO:
    """The negative evidence bound of continuous time, of exact samples; see `losses.ELBO`.

    With the exact score it is the entropy, but for KL(p_T || prior) and for the last step, from
    t_min to 0, which draws sites apart: no step size is in it. Masks start from masks alone, and
    the first step draws what is not masked at T.

    Args:
        denoiser: learned or exact.
        target: the law, whose entropy and density are known.
        n: exact samples, at least 2.
        generator: of the samples, times and noise.
        n_times: times a sample, one in each part of the log-SNR's range.

    Raises:
        UserError: the law has no exact entropy, or n or n_times is too small.
    """
    if n < 2 or n_times < 1:
        raise UserError(f"got n={n}, n_times={n_times}, expected at least 2 and 1: raise them")
    entropy = target.entropy()
    blocks = []
    for start in range(0, n, CHUNK):
        x_0 = target.sample(min(CHUNK, n - start), generator)
        with torch.inference_mode():
            parts = _prior(denoiser, x_0), _path(denoiser, x_0, n_times, generator)
            last = _reconstruction(denoiser, x_0, generator)
        blocks.append(torch.stack([*parts, last, target.log_prob(x_0)]))
    parts = torch.cat(blocks, 1).double()
    prior, path, reconstruction = parts[:3].mean(1).tolist()
    return NegativeELBO(parts.sum(0), entropy, target.dim, prior, path, reconstruction)


def _prior(denoiser: DiscreteDenoiser, x_0: Tensor) -> Tensor:
    """KL(q(x_T | x_0) || the law that the model starts from), ``(n,)``."""
    process, t = denoiser.process, torch.full((len(x_0),), denoiser.process.horizon)
    at_end = process.log_noisy(x_0, t)
    log_prior = process.prior().log()
    if float(process.prior().max()) == 1:
        start = process.value(log_prior.argmax().expand(x_0.shape)).to(x_0)
        log_prior = process.log_forward(denoiser.clean_log_probs(start, t), t)
    return categorical_kl(at_end.double(), log_prior.double()).sum(-1)


def _path(
    denoiser: DiscreteDenoiser, x_0: Tensor, n_times: int, generator: torch.Generator
) -> Tensor:
    """Mean over times of the integrand over their density, ``(n,)``."""
    process, loss, n = denoiser.process, ELBO(), len(x_0)
    total = torch.zeros(n, dtype=torch.float64)
    for k in range(n_times):
        t = _times(process, (k + torch.rand(n, generator=generator).double()) / n_times)
        total += loss(denoiser, x_0, t, generator).double() * x_0.shape[1]
    return total / n_times


def _times(process: DiscreteProcess, u: Tensor) -> Tensor:
    """Times at parts u of the log-SNR's range, float32."""
    ends = torch.tensor([process.horizon, process.t_min], dtype=torch.float64)
    low, high = process.log_snr(ends).tolist()
    return process.time_from_log_snr(low + u * (high - low)).float()


def _reconstruction(denoiser: DiscreteDenoiser, x_0: Tensor, generator: torch.Generator) -> Tensor:
    """-log p(x_0 | x_{t_min}) of the samplers' last step, ``(n,)``."""
    process, t = denoiser.process, torch.full((len(x_0),), denoiser.process.t_min)
    x_t = process.perturb(x_0, t, generator)
    clean = denoiser.clean_log_probs(x_t, t)
    step = bridge(process, clean, x_t, t, torch.zeros_like(t))
    return -step.gather(-1, process.index(x_0)[..., None])[..., 0].sum(-1)
