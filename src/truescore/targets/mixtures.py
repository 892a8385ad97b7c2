"""Mixtures of Gaussians from a few plain values: laws to try things on."""

import math

import torch

from truescore.errors import UserError
from truescore.targets.gaussian_mixture import GaussianMixture


class IsotropicGaussian(GaussianMixture):
    """N(0, s^2 I).

    Args:
        dim: d >= 1.
        scale: s > 0.
    """

    def __init__(self, dim: int, scale: float = 1.0) -> None:
        _check(dim, 1, scale=scale)
        eye = torch.eye(dim, dtype=torch.float64)
        super().__init__(torch.ones(1), torch.zeros(1, dim), scale**2 * eye[None])


class CorrelatedGaussian(GaussianMixture):
    """N(0, S), S_ii = 1, S_ij = rho: every pair of sites has the same correlation.

    S has the eigenvalue 1 + (d - 1) rho once, along (1, .., 1), and 1 - rho otherwise.

    Args:
        dim: d >= 2.
        correlation: rho, inside (-1/(d - 1), 1).
    """

    def __init__(self, dim: int = 2, correlation: float = -0.7) -> None:
        _check(dim, 2)
        if not -1 / (dim - 1) < correlation < 1:
            raise UserError(
                f"got correlation={correlation}, expected inside ({-1 / (dim - 1):g}, 1):"
                f" no {dim} sites can all be correlated so"
            )
        eye = torch.eye(dim, dtype=torch.float64)
        covariance = (1 - correlation) * eye + correlation
        super().__init__(torch.ones(1), torch.zeros(1, dim), covariance[None])


class SymmetricMixture(GaussianMixture):
    """Equal round Gaussians N(m_k, s^2 I) on the corners of a regular polygon in the plane.

    m_k = r (cos 2 pi k/K, sin 2 pi k/K), k = 0 .. K-1.

    Args:
        dim: 2.
        n_components: K >= 2.
        radius: r > 0.
        scale: s > 0.
    """

    def __init__(
        self, dim: int = 2, n_components: int = 4, radius: float = 1.5, scale: float = 0.3
    ) -> None:
        if dim != 2:
            raise UserError(f"got dim={dim}, expected 2: a polygon lies in the plane")
        if n_components < 2:
            raise UserError(f"got n_components={n_components}, expected at least 2: raise it")
        _check(dim, 2, radius=radius, scale=scale)
        angle = 2 * math.pi / n_components * torch.arange(n_components, dtype=torch.float64)
        means = radius * torch.stack([angle.cos(), angle.sin()], 1)
        covariances = scale**2 * torch.eye(2, dtype=torch.float64).repeat(n_components, 1, 1)
        super().__init__(torch.ones(n_components), means, covariances)


class RandomMixture(GaussianMixture):
    """Gaussians of random weight, place, width and direction.

    w_k ~ U(1/2, 3/2) before normalisation, m_k ~ N(0, r^2 I), S_k = Q diag(s^2 4^u) Q' with
    u_i ~ U(-1, 1) and Q a uniformly drawn rotation: widths from s/2 to 2 s.

    Args:
        dim: d >= 1.
        n_components: K >= 1.
        spread: r > 0.
        scale: s > 0.
        seed: of the draw; the same seed gives the same law.
    """

    def __init__(
        self,
        dim: int = 2,
        n_components: int = 6,
        spread: float = 1.5,
        scale: float = 0.3,
        seed: int = 0,
    ) -> None:
        if n_components < 1:
            raise UserError(f"got n_components={n_components}, expected at least 1: raise it")
        _check(dim, 1, spread=spread, scale=scale)
        options = {"dtype": torch.float64, "generator": torch.Generator().manual_seed(seed)}
        weights = 0.5 + torch.rand(n_components, **options)
        means = spread * torch.randn(n_components, dim, **options)
        spectrum = scale**2 * 4 ** (2 * torch.rand(n_components, dim, **options) - 1)
        rotation, upper = torch.linalg.qr(torch.randn(n_components, dim, dim, **options))
        # The signs that make the factorisation unique, and so the rotation uniform.
        rotation = rotation * upper.diagonal(dim1=-2, dim2=-1).sign()[:, None]
        covariances = (rotation * spectrum[:, None]) @ rotation.mT
        super().__init__(weights, means, (covariances + covariances.mT) / 2)


def _check(dim: int, fewest: int, **positive: float) -> None:
    if dim < fewest:
        raise UserError(f"got dim={dim}, expected at least {fewest}: raise it")
    for name, value in positive.items():
        if not value > 0:
            raise UserError(f"got {name}={value}, expected > 0: raise it")
