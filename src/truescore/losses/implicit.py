"""Implicit score matching: the score's own divergence in place of the unknown true score."""

from typing import Literal, get_args

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.errors import UserError
from truescore.losses.times import TimeLaw, check_time_law, training_times

Trace = Literal["hutchinson", "sliced", "exact"]
MAX_EXACT = 4


class ImplicitScoreMatching:
    """sigma^2 (|s|^2 + 2 div s) / d at x_t, s the score; Hyvarinen 2005.

    Its mean is that of sigma^2 |s - grad log p_t|^2 / d, denoising's ``score`` weighting, up to a
    constant of each time: it never sees the noise that made x_t. The divergence is the trace of the
    Jacobian J, estimated by one random direction v with E[v v'] = 1 for each sample:

    - ``hutchinson``: |s|^2 + 2 v'J v, v of random signs;
    - ``sliced``: (v's)^2 + 2 v'J v, v Gaussian; Song et al. 2019, arXiv 1905.07088, whose
      variance-reduced form is ``hutchinson``;
    - ``exact``: |s|^2 + 2 tr J by d products, up to d = 4.

    J v comes with s in one forward pass, by forward-mode differentiation.

    Args:
        trace: ``hutchinson``, ``sliced`` or ``exact``.
        times: law of the training times, as for `DenoisingScoreMatching`.
    """

    state_space = "real"

    def __init__(self, trace: Trace = "hutchinson", times: TimeLaw = "log_snr") -> None:
        if trace not in get_args(Trace):
            known = ", ".join(get_args(Trace))
            raise UserError(f"got trace={trace}, expected one of {known}: choose one")
        check_time_law(times)
        self.trace: Trace = trace
        self.times: TimeLaw = times

    def sample_times(self, denoiser: RealDenoiser, n: int, generator: torch.Generator) -> Tensor:
        """Times at which to train, ``(n,)``; see `losses.times.training_times`."""
        return training_times(self.times, denoiser, n, generator)

    def __call__(
        self, denoiser: RealDenoiser, x_0: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Loss of each sample, ``(n,)``, unreduced so that callers may weight or bin it by time."""
        dim = x_0.shape[1]
        x_t = denoiser.process.perturb(x_0, t, generator)
        match self.trace:
            case "hutchinson":
                signs = torch.randint(2, x_t.shape, generator=generator, device=x_t.device)
                score, trace = _along(denoiser, x_t, t, (2 * signs - 1).to(x_t))
                square = (score**2).sum(-1)
            case "sliced":
                v = torch.randn(x_t.shape, dtype=x_t.dtype, generator=generator, device=x_t.device)
                score, trace = _along(denoiser, x_t, t, v)
                square = (score * v).sum(-1) ** 2
            case "exact":
                score, trace = _exact(denoiser, x_t, t)
                square = (score**2).sum(-1)
        return denoiser.process.sigma(t) ** 2 * (square + 2 * trace) / dim


def _along(denoiser: RealDenoiser, x_t: Tensor, t: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """The score ``(n, d)`` and v'J v ``(n,)``, J its Jacobian, in one forward pass."""
    answer = torch.func.jvp(lambda x: denoiser.score(x, t), (x_t,), (v,))
    return answer[0], (answer[1] * v).sum(-1)


def _exact(denoiser: RealDenoiser, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """The score and the trace of its Jacobian, from one product for each coordinate."""
    dim = x_t.shape[1]
    if dim > MAX_EXACT:
        raise UserError(
            f"got trace=exact for {dim} sites, expected at most {MAX_EXACT}: use trace=hutchinson"
        )
    eye = torch.eye(dim).to(x_t, non_blocking=True)
    along = [_along(denoiser, x_t, t, axis.expand_as(x_t)) for axis in eye]
    return along[0][0], torch.stack([trace for _, trace in along]).sum(0)
