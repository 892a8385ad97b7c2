"""What an error of the posterior mean counts for, at each noise level."""

from collections.abc import Callable
from typing import Literal, get_args

from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.denoisers.prediction import linear_form
from truescore.errors import UserError

Weighting = Literal["mode", "score", "likelihood", "velocity", "edm", "min_snr"]
MIN_SNR_GAMMA = 5.0


def weigh(weighting: Weighting, denoiser: RealDenoiser, residual: Tensor, t: Tensor) -> Tensor:
    """W r of residuals r ``(n, d)`` of the posterior mean at times ``(n,)``; |W r|^2 is the loss.

    With s = sigma/alpha, and l the mean second moment of a site, W'W is

    - ``mode``: that of `RealDenoiser.whiten`;
    - ``score``: 1/s^2, so that |W r| = sigma |score error| = |error of the predicted noise|;
    - ``likelihood``: g^2 alpha^2/sigma^4, so that |W r| = g |score error|, whose half integrated
      over t bounds KL(data || model); Song et al. 2021, arXiv 2101.09258;
    - ``velocity``: (alpha g^2 / (2 sigma^2))^2, so that |W r| = |error of the velocity
      alpha' x_0 + sigma' z|, flow matching; Lipman et al. 2022, arXiv 2210.02747;
    - ``edm``: (s^2 + l)/(s^2 l); Karras et al. 2022, arXiv 2206.00364, table 1;
    - ``min_snr``: min(l/s^2, 5)/l; Hang et al. 2023, arXiv 2303.09556, whose data have l = 1.
    """
    if weighting == "mode":
        s = (denoiser.process.sigma(t) / denoiser.process.alpha(t))[:, None]
        return denoiser.whiten(residual, s)
    return WEIGHTS[weighting](denoiser, t).sqrt()[:, None] * residual


def check_weighting(weighting: str) -> None:
    """Raise ``UserError`` unless the weighting is known."""
    if weighting not in get_args(Weighting):
        known = ", ".join(get_args(Weighting))
        raise UserError(f"got weighting={weighting}, expected one of {known}: choose one")


def _score(denoiser: RealDenoiser, t: Tensor) -> Tensor:
    return denoiser.process.log_snr(t).exp()


def _likelihood(denoiser: RealDenoiser, t: Tensor) -> Tensor:
    process = denoiser.process
    return (process.diffusion(t) * process.alpha(t) / process.sigma(t) ** 2) ** 2


def _velocity(denoiser: RealDenoiser, t: Tensor) -> Tensor:
    return linear_form(denoiser.process, "velocity", t, denoiser.spectrum.mean())[1] ** 2


def _edm(denoiser: RealDenoiser, t: Tensor) -> Tensor:
    return _score(denoiser, t) + 1 / denoiser.spectrum.mean()


def _min_snr(denoiser: RealDenoiser, t: Tensor) -> Tensor:
    variance = denoiser.spectrum.mean()
    return (_score(denoiser, t) * variance).clamp(max=MIN_SNR_GAMMA) / variance


WEIGHTS: dict[str, Callable[[RealDenoiser, Tensor], Tensor]] = {
    "score": _score,
    "likelihood": _likelihood,
    "velocity": _velocity,
    "edm": _edm,
    "min_snr": _min_snr,
}
