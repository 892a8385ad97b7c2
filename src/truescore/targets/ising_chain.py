"""The Ising model on a chain or a ring whose couplings and fields differ from site to site."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.targets.chain import NearestNeighbourChain

# Beyond, the weights of eight factors together would underflow; exp(-160) is nothing to any sample.
STRONGEST = 80.0


class IsingChain(NearestNeighbourChain):
    """p(x) ~ exp(-V(x)/T), V(x) = -sum_i J_i x_i x_{i+1} - sum_i h_i x_i, spins x_i = -1, +1.

    Antiferromagnetic bonds have J_i < 0. On a ring whose product of all J_i is negative, such as an
    antiferromagnet of odd size, no state satisfies every bond: it is frustrated.

    Args:
        dim: number of spins d, at least 2, or 3 on a ring.
        coupling: J_i of bond i between sites i and i+1, or one number for all bonds; a ring has d
            of them, the last between the last site and the first, an open chain d-1.
        field: h_i, d of them, or one number for all.
        boundary: ``open`` or ``periodic``.
        temperature: T > 0; couplings and fields are within 80 T.
    """

    def __init__(
        self,
        dim: int,
        coupling: float | Sequence[float] = 1.0,
        field: float | Sequence[float] = 0.0,
        boundary: Literal["open", "periodic"] = "open",
        temperature: float = 1.0,
    ) -> None:
        if boundary not in ("open", "periodic"):
            raise UserError(f"got boundary={boundary!r}, expected open or periodic: choose one")
        if not temperature > 0:
            raise UserError(f"got temperature={temperature}, expected > 0: raise it")
        n_bonds = dim if boundary == "periodic" else dim - 1
        self.coupling = _for_each("coupling", coupling, n_bonds, temperature)
        self.field = _for_each("field", field, dim, temperature)
        super().__init__(
            dim,
            site_potential=lambda x, i: -self.field.to(x.device)[i] * x,
            bond_potential=lambda x, y, i: -self.coupling.to(x.device)[i] * x * y,
            boundary=boundary,
            temperature=temperature,
        )

    def parameters(self) -> dict[str, Any]:
        """Plain values that determine the law."""
        return {
            "dim": self.dim,
            "coupling": self.coupling.tolist(),
            "field": self.field.tolist(),
            "boundary": self.boundary,
            "temperature": self.temperature,
        }


def _for_each(name: str, value: float | Sequence[float], count: int, temperature: float) -> Tensor:
    """One number for each bond or site, ``(count,)`` float64."""
    values = torch.as_tensor(value, dtype=torch.float64)
    if values.shape not in ((), (count,)):
        raise UserError(
            f"got {name} of shape {tuple(values.shape)}, expected one number or {count} of them"
        )
    strongest = float(values.abs().max())
    if not strongest <= STRONGEST * temperature:
        raise UserError(
            f"got |{name}|/temperature up to {strongest / temperature:g}, expected within"
            f" {STRONGEST:g}: lower the {name} or raise the temperature"
        )
    return values.expand(count)
