"""The law of a sampler's points where the denoiser is that of a Gaussian law: exact, no sampling.

There every step is affine in the points and in its noise, and so is the end of the path in all
noise ever drawn. Its answers to unit impulses of that noise are the law's mean and covariance.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from truescore.denoisers import RealDenoiser, RealOracle
from truescore.errors import UserError
from truescore.processes import VariancePreserving
from truescore.samplers.real import RealSampler
from truescore.targets import GaussianMixture

TOLERANCE = 1e-8


class _Impulses(TorchFunctionMode):
    """What ``randn`` answers here: 0 in row 0, 2 in row 1, then one unit vector a row.

    Rows 2 + j d to 1 + (j + 1) d hold the d unit vectors of the j-th call.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func is not torch.randn:
            return func(*args, **(kwargs or {}))
        n, dim = args[0] if len(args) == 1 else args
        noise = torch.zeros(n, dim, dtype=torch.float64)
        noise[1:2] = 2
        first = 2 + self.calls * dim
        noise[first : first + dim] = torch.eye(dim, dtype=torch.float64)[: max(0, n - first)]
        self.calls += 1
        return noise


def moments(draw: Callable[[int], Tensor]) -> tuple[Tensor, Tensor]:
    """Exact mean ``(d,)`` and covariance ``(d, d)`` of points that are affine in normal noise.

    x = b + sum_j G_j z_j has mean b and covariance sum_j G_j G_j'.

    Args:
        draw: ``draw(n) -> (n, d)``, independent points, whose noise comes from ``torch.randn`` in
            calls of shape ``(n, d)``. It is called twice, with its noise replaced.

    Raises:
        UserError: if the points are not affine in their noise.
    """
    with torch.no_grad(), _Impulses() as count:
        dim = draw(1).shape[1]
    with torch.no_grad(), _Impulses():
        x = draw(2 + count.calls * dim).double()
    answers = x - x[0]
    twice, scale = 2 * answers[2:].sum(0), float(x.abs().max())
    if not torch.allclose(answers[1], twice, rtol=TOLERANCE, atol=TOLERANCE * scale):
        raise UserError(
            "got points that are not affine in their noise, expected a Gaussian law and a sampler"
            " of fixed steps: draw samples instead"
        )
    return x[0], answers[2:].mT @ answers[2:]


def sampler_moments(sampler: RealSampler, denoiser: RealDenoiser) -> tuple[Tensor, Tensor]:
    """Exact mean and covariance of a sampler's points at t = 0; the denoiser's law is Gaussian."""
    times, generator = sampler.times(denoiser), torch.Generator()

    def draw(n: int) -> Tensor:
        x = sampler.start(denoiser, n, len(denoiser.spectrum), generator)
        return sampler.path(denoiser, x, times, generator)

    return moments(draw)


def wasserstein_error(sampler: RealSampler, denoiser: RealOracle) -> float:
    """Wasserstein-2 distance of a sampler's points from its Gaussian law, all errors together."""
    law = denoiser.target
    return wasserstein_2(*sampler_moments(sampler, denoiser), law.mean(), law.covariance())


def wasserstein_2(mean: Tensor, covariance: Tensor, mean_2: Tensor, covariance_2: Tensor) -> float:
    """Between two Gaussians: the square root of |m - m_2|^2 + min_Q |A - A_2 Q|_F^2.

    A A' = C, A_2 A_2' = C_2, Q orthogonal: Bures's distance as a Procrustes problem, which, unlike
    tr(C + C_2 - 2 (C^1/2 C_2 C^1/2)^1/2), does not cancel where the two are close.
    """
    root, root_2 = _root(covariance), _root(covariance_2)
    u, _, vh = torch.linalg.svd(root.mT @ root_2)
    return float(torch.cat([(mean - mean_2)[None], root - root_2 @ (vh.mT @ u.mT)]).norm())


def _root(covariance: Tensor) -> Tensor:
    spectrum, basis = torch.linalg.eigh(covariance)
    return basis * spectrum.clamp(min=0).sqrt()


def gaussian_benchmark(spectrum: Tensor, t_min: float = 1e-3) -> RealOracle:
    """The oracle of N(0, diag(spectrum)) in the setting of Pierret and Galerne 2025.

    Their process is dX = -b(t) X dt + sqrt(2 b(t)) dW with b from 0.05 to 10 on [0, 1], which is
    the variance preserving one with beta = 2 b from 0.1 to 20. arXiv 2405.14250, equation 1.

    Args:
        spectrum: variances, ``(d,)``.
        t_min: time at which samplers leave the grid.
    """
    zero = torch.zeros(1, len(spectrum), dtype=torch.float64)
    law = GaussianMixture(torch.ones(1), zero, spectrum.double().diag()[None])
    return RealOracle(law, VariancePreserving(2 * 0.05, 2 * 10.0, t_min))
