"""Wasserstein distances: on the line, along projections, and in full."""

from typing import Any

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.metrics.distances.base import Distance
from truescore.randomness import keyed_generator
from truescore.targets import Target

N_PROJECTIONS = 64


def wasserstein_line(x: Tensor, y: Tensor, order: float = 1.0) -> Tensor:
    """W_p of samples on the line, ``(..., n), (..., m) -> (...)``.

    W_p^p = int_0^1 |F^-1(u) - G^-1(u)|^p du, exact: both quantile functions are steps.
    """
    n, m = x.shape[-1], y.shape[-1]
    x, y = x.sort().values, y.sort().values
    if n == m:
        return (x - y).abs().pow(order).mean(-1).pow(1 / order)
    # Between successive levels i/n and j/m neither function changes; in units of 1/(n m).
    levels = torch.cat([torch.arange(n + 1) * m, torch.arange(1, m) * n]).sort().values
    width = levels.diff().to(x) / (n * m)
    gap = (x[..., levels[:-1] // m] - y[..., levels[:-1] // n]).abs()
    return (gap.pow(order) @ width).pow(1 / order)


def directions(dim: int, n: int, generator: torch.Generator) -> Tensor:
    """``n`` directions uniform on the sphere, ``(n, d)`` float64."""
    z = torch.randn(n, dim, dtype=torch.float64, generator=generator)
    return z / torch.linalg.vector_norm(z, dim=1, keepdim=True)


def sliced_wasserstein(x: Tensor, y: Tensor, projections: Tensor, order: float = 1.0) -> Tensor:
    """(mean_k W_p(<x, u_k>, <y, u_k>)^p)^(1/p) over directions ``(k, d)``. Bonneel et al. 2015.

    Args:
        x: samples, ``(n, d)``.
        y: samples, ``(m, d)``.
        projections: unit vectors, ``(k, d)``; see ``directions``.
        order: p.
    """
    each = wasserstein_line((x @ projections.mT).mT, (y @ projections.mT).mT, order)
    return each.pow(order).mean().pow(1 / order)


def wasserstein(x: Tensor, y: Tensor, order: float = 1.0) -> float:
    """W_p of samples, ``(n, d), (m, d)``: sorting in one dimension, optimal transport in more.

    Transport costs O(n^3 log n), so it is meant for up to about 1,000 samples. Its error decays as
    n^(-1/d) alone: in many dimensions the floor hides all but the coarsest differences.

    Args:
        x: samples.
        y: samples.
        order: p.
    """
    if x.shape[1] == 1:
        return float(wasserstein_line(x[:, 0], y[:, 0], order))
    cost = torch.cdist(x.double(), y.double()).pow(order)
    total = optimal_transport().emd2([], [], cost.numpy())
    return max(float(total), 0.0) ** (1 / order)


def optimal_transport() -> Any:
    """The library POT, which is optional."""
    try:
        import ot  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise UserError(
            "got a Wasserstein distance without the library POT, expected it installed:"
            " pip install pot, or use metrics.distances=[sliced_wasserstein]"
        ) from error
    return ot


class SlicedWasserstein(Distance):
    """Mean W_1 along 64 directions, the same for every sample set of a dimension.

    On the line sqrt(n) W_1 has a law without n (del Barrio, Gine and Matran 1999), which the floor
    of large sets rests on.

    Args:
        target: the law.
    """

    name = "sliced_wasserstein"
    label = "sliced Wasserstein-1"
    most = 10_000
    state_spaces = ("real",)

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        generator = keyed_generator(0, "directions", target.dim)
        self.projections = directions(target.dim, N_PROJECTIONS, generator)

    def __call__(self, x: Tensor, y: Tensor) -> float:
        """Sliced W_1 of ``(n, d)`` and ``(m, d)`` float64."""
        return float(sliced_wasserstein(x, y, self.projections))


class Wasserstein1(Distance):
    """W_1 of the first 256 samples.

    Args:
        target: the law.
    """

    name = "wasserstein_1"
    label = "Wasserstein-1"
    most = 256
    state_spaces = ("real",)
    order = 1.0

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        if target.dim > 1:
            optimal_transport()

    def __call__(self, x: Tensor, y: Tensor) -> float:
        """W_p of ``(n, d)`` and ``(m, d)`` float64."""
        return wasserstein(x, y, self.order)


class Wasserstein2(Wasserstein1):
    """W_2 of the first 256 samples.

    Args:
        target: the law.
    """

    name = "wasserstein_2"
    label = "Wasserstein-2"
    order = 2.0
