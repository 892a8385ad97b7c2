"""The Ginzburg-Landau chain: a double well at every site, elastic bonds, walls held at zero."""

import math
from typing import Any

from truescore.errors import UserError
from truescore.targets.chain import NearestNeighbourChain

# The law beyond the interval is below exp(-60) of its peak: nothing, to float64.
TAIL = 60.0


class GinzburgLandauChain(NearestNeighbourChain):
    """p(x) ~ exp(-V(x)/T) on R^d with a phase-field energy.

    V(x) = sum_{i=1}^{d+1} (lam/2) ((x_i - x_{i-1})/h)^2 + (1/(4 lam)) (1 - x_i^2)^2,
    x_0 = x_{d+1} = 0, h = 1/(d+1). The site term of i = d+1 is a constant: it counts in log Z only.

    Args:
        dim: number of sites d, at least 2.
        lam: width of the interface, > 0.
        temperature: T > 0, in units of energy.
        half_width: L restricts the law to [-L, L]^d; ``None`` for the whole space.
    """

    def __init__(
        self,
        dim: int,
        lam: float = 0.03,
        temperature: float = 8.0,
        half_width: float | None = None,
    ) -> None:
        if not lam > 0:
            raise UserError(f"got lam={lam}, expected > 0: raise it")
        if not temperature > 0:
            raise UserError(f"got temperature={temperature}, expected > 0: raise it")
        if half_width is not None and not half_width > 0:
            raise UserError(f"got half_width={half_width}, expected > 0 or null: raise it")
        self.lam = lam
        self.half_width = half_width
        stiffness = lam * (dim + 1) ** 2
        reach = half_width or math.sqrt(1 + math.sqrt(4 * lam * temperature * TAIL))
        super().__init__(
            dim,
            site_potential=lambda x, _: (1 - x**2) ** 2 / (4 * lam),
            bond_potential=lambda x, y, _: stiffness / 2 * (x - y) ** 2,
            boundary="fixed",
            temperature=temperature,
            interval=(-reach, reach),
            constant=1 / (4 * lam),
        )

    def parameters(self) -> dict[str, Any]:
        """Plain values that determine the law."""
        return {
            "dim": self.dim,
            "lam": self.lam,
            "temperature": self.temperature,
            "half_width": self.half_width,
        }
