"""Points at t = T from the exact law, on the same noise as a sampler's own start."""

from typing import cast

import torch
from torch import Tensor

from truescore.denoisers import Denoiser, RealDenoiser
from truescore.denoisers.oracle import RealOracle, SiteOracle
from truescore.processes.discrete import draw
from truescore.samplers import RealSampler, Sampler


def exact_start(
    sampler: Sampler, exact: RealOracle | SiteOracle, x_0: Tensor, generator: torch.Generator
) -> Tensor:
    """x_T ~ p(x_T | x_0), ``(n, d)``, near to what ``sampler.start`` draws from the same generator.

    Reals: alpha_T x_0 + sigma_T z, z in the modes in which the prior is drawn. Discrete sites: by
    the same uniform numbers, so that a site differs with the probability by which the two laws do.

    Args:
        sampler: says which prior is meant.
        exact: oracle of the law and the process.
        x_0: exact samples, ``(n, d)``.
        generator: in the state that ``sampler.start`` would find.
    """
    horizon = torch.full((len(x_0),), exact.process.horizon, dtype=torch.float64)
    if isinstance(exact, SiteOracle):
        return exact.process.value(draw(exact.process.log_noisy(x_0, horizon), generator)).to(x_0)
    z = torch.randn(x_0.shape, generator=generator)
    if cast(RealSampler, sampler).prior == "matched":
        z = z @ exact.basis.mT.to(z)
    alpha, sigma = exact.process.alpha(horizon)[:, None], exact.process.sigma(horizon)[:, None]
    return (alpha * x_0 + sigma * z).to(x_0)


def align(denoiser: Denoiser, exact: Denoiser) -> None:
    """Turn the eigenvectors of a denoiser of reals to the oracle's sign, which nothing else fixes.

    The prior is drawn in these modes: with the same signs the same noise gives neighbouring points.
    """
    if isinstance(denoiser, RealDenoiser) and isinstance(exact, RealDenoiser):
        sign = (denoiser.basis * exact.basis.to(denoiser.basis)).sum(0).sign()
        denoiser.basis *= torch.where(sign == 0, 1.0, sign)
