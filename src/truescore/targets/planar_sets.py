"""Seven sets of points in the plane on which densities are learned, each as independent draws.

Shapes, noises and scales are those of Grathwohl et al. 2019 (FFJORD, arXiv 1810.01367), whose
generators emit mirrored pairs and even steps; here every point is drawn on its own, as from an
endless pool of theirs in random order.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

Draw = Callable[[int, torch.Generator], Tensor]


def two_spirals(n: int, generator: torch.Generator) -> Tensor:
    """Two arms of one and a half turns; angle 3 pi sqrt(u)."""
    angle = 3 * math.pi * _uniform(n, generator).sqrt()
    arm = torch.stack([-angle.cos(), angle.sin()], 1) * angle[:, None]
    arm = arm + 0.5 * _uniform((n, 2), generator)
    return _sign(n, generator)[:, None] * arm / 3 + 0.1 * _normal((n, 2), generator)


def eight_gaussians(n: int, generator: torch.Generator) -> Tensor:
    """Round Gaussians on a circle."""
    angle = math.pi / 4 * _choice(8, n, generator)
    centre = 4 * torch.stack([angle.cos(), angle.sin()], 1)
    return (centre + 0.5 * _normal((n, 2), generator)) / 1.414


def circles(n: int, generator: torch.Generator) -> Tensor:
    """Two circles about one centre."""
    angle = 2 * math.pi * _uniform(n, generator)
    radius = (1 + _choice(2, n, generator)) / 2
    ring = radius[:, None] * torch.stack([angle.cos(), angle.sin()], 1)
    return 3 * (ring + 0.08 * _normal((n, 2), generator))


def moons(n: int, generator: torch.Generator) -> Tensor:
    """Two half circles, one in the other's reach."""
    angle, side = math.pi * _uniform(n, generator), _sign(n, generator)
    arc = torch.stack([side * angle.cos(), side * angle.sin()], 1)
    lower = (side < 0)[:, None] * torch.tensor([1.0, 0.5], dtype=torch.float64)
    shift = torch.tensor([-1.0, -0.2], dtype=torch.float64)
    return 2 * (arc + lower + 0.1 * _normal((n, 2), generator)) + shift


def pinwheel(n: int, generator: torch.Generator) -> Tensor:
    """Five Gaussians, long and thin, bent about the centre."""
    z = _normal((n, 2), generator)
    along, across = 1 + 0.3 * z[:, 0], 0.1 * z[:, 1]
    angle = 2 * math.pi / 5 * _choice(5, n, generator) + 0.25 * along.exp()
    x = along * angle.cos() + across * angle.sin()
    y = across * angle.cos() - along * angle.sin()
    return 2 * torch.stack([x, y], 1)


def swiss_roll(n: int, generator: torch.Generator) -> Tensor:
    """A spiral of one and a half turns; its noise is wide."""
    angle = 1.5 * math.pi * (1 + 2 * _uniform(n, generator))
    roll = torch.stack([angle.cos(), angle.sin()], 1) * angle[:, None]
    return (roll + _normal((n, 2), generator)) / 5


def checkerboard(n: int, generator: torch.Generator) -> Tensor:
    """Eight squares of a board of four by four."""
    x = 4 * _uniform(n, generator) - 2
    y = _uniform(n, generator) - 2 * _choice(2, n, generator) + x.floor() % 2
    return 2 * torch.stack([x, y], 1)


SETS: dict[str, Draw] = {
    "2spirals": two_spirals,
    "8gaussians": eight_gaussians,
    "circles": circles,
    "moons": moons,
    "pinwheel": pinwheel,
    "swissroll": swiss_roll,
    "checkerboard": checkerboard,
}


def _uniform(shape: int | tuple[int, int], generator: torch.Generator) -> Tensor:
    return torch.rand(shape, dtype=torch.float64, generator=generator)


def _normal(shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=generator)


def _choice(k: int, n: int, generator: torch.Generator) -> Tensor:
    return torch.randint(k, (n,), generator=generator).double()


def _sign(n: int, generator: torch.Generator) -> Tensor:
    return 2 * _choice(2, n, generator) - 1
