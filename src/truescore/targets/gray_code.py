"""Points of the plane as 32 spins: the usual laws on which discrete models are compared."""

from typing import Any, Literal

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.targets.base import check_fixed_dim, check_spins, check_width
from truescore.targets.planar_sets import SETS
from truescore.targets.sampled import SampledLaw

PlanarSet = Literal[
    "2spirals", "8gaussians", "circles", "moons", "pinwheel", "swissroll", "checkerboard"
]
# Bits of a coordinate's size, beside its sign.
BITS = 15
# The largest coordinate among 5,000 points, on average.
REACH: dict[str, float] = {
    "2spirals": 3.5,
    "8gaussians": 4.1,
    "circles": 3.7,
    "moons": 3.6,
    "pinwheel": 4.1,
    "swissroll": 3.3,
    "checkerboard": 4.0,
}
# Beyond that coordinate the grid goes on for so much.
ROOM = 2.0


class GrayCode(SampledLaw):
    """A set of points in the plane, each coordinate a sign and the Gray code of its size.

    x becomes the cell m = floor(|x| 2^15 / (reach + 2)), m the 15 bits of m xor m/2 from the
    highest down, before them the sign bit; a bit b is the spin 2b - 1, and b = 1 for x < 0.
    Neighbouring cells differ in one bit. The recipe is that of Dai et al. 2020 (ALOE,
    arXiv 2011.05363) and Zhang et al. 2022 (GFlowNets for energies, arXiv 2202.01361); they measure
    ``reach`` anew on 5,000 points of every run, here it is the mean of that.

    Args:
        points: the set; see ``truescore.targets.planar_sets``.
        dim: 32.
    """

    dim = 32
    state_space = "spin"

    def __init__(self, points: PlanarSet = "2spirals", dim: int = 32) -> None:
        check_fixed_dim(self, dim)
        if points not in SETS:
            raise UserError(f"got points={points!r}, expected one of {', '.join(SETS)}: choose one")
        self.points = points
        self.reach = REACH[points]
        self.scale = 2**BITS / (self.reach + ROOM)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw ``n`` independent codes, ``(n, 32)``, float32."""
        if n < 1:
            raise UserError(f"got n={n} samples, expected at least 1: raise it")
        return self.encode(SETS[self.points](n, generator))

    def encode(self, x: Tensor) -> Tensor:
        """Spins of points ``(n, 2)``, ``(n, 32)`` float32; points off the grid go to its edge."""
        check_width(x, 2)
        x = x.double()
        cell = (x.abs() * self.scale).long().clamp(max=2**BITS - 1)
        gray = cell ^ (cell >> 1)
        place = torch.arange(BITS - 1, -1, -1, device=x.device)
        bits = torch.cat([(x < 0).long()[..., None], (gray[..., None] >> place) & 1], -1)
        return (2.0 * bits - 1).float().flatten(1)

    def decode(self, spins: Tensor) -> Tensor:
        """Centres of the cells of spins ``(n, 32)``, ``(n, 2)`` float64; ``encode`` undoes it."""
        check_spins(spins, self.dim)
        bits = (spins > 0).long().unflatten(1, (2, BITS + 1))
        # A bit of the cell is the parity of the Gray code's bits down to it.
        cell = (bits[..., 1:].cumsum(-1) % 2) @ (2 ** torch.arange(BITS - 1, -1, -1)).to(bits)
        return (1 - 2 * bits[..., 0]) * (cell.double() + 0.5) / self.scale

    def parameters(self) -> dict[str, Any]:
        """Plain values that determine the law."""
        return {"points": self.points}
