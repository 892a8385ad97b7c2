"""The Ising model on a ring."""

from typing import Any

from torch import Tensor

from truescore.errors import UserError
from truescore.targets.chain import NearestNeighbourChain


class IsingRing(NearestNeighbourChain):
    """p(x) ~ exp(-V(x)/T), V(x) = -J sum_i x_i x_{i+1}, spins x_i = -1, +1 on a ring of d sites.

    Exactly Cov(x_i, x_{i+r}) = (k^r + k^(d-r)) / (1 + k^d) with k = tanh(J/T), and zero mean.

    Args:
        dim: number of spins d, at least 3.
        coupling: J, in units of energy; negative for an antiferromagnet.
        temperature: T > 0, in units of energy.
    """

    def __init__(self, dim: int, coupling: float = 1.0, temperature: float = 1.0) -> None:
        if abs(coupling) > 300 * temperature:
            raise UserError(
                f"got coupling/temperature={coupling / temperature:g}, expected within 300"
            )
        self.coupling = coupling
        super().__init__(
            dim,
            site_potential=lambda x, _: 0 * x,
            bond_potential=lambda x, y, _: -coupling * x * y,
            boundary="periodic",
            temperature=temperature,
        )

    def parameters(self) -> dict[str, Any]:
        """Plain values that determine the law."""
        return {"dim": self.dim, "coupling": self.coupling, "temperature": self.temperature}


class IndependentSpins(NearestNeighbourChain):
    """Spins with given means and no coupling: p(x) = prod_i (1 + m_i x_i) / 2.

    Args:
        means: E[x_i], inside (-1, 1), shape ``(d,)``.
    """

    def __init__(self, means: Tensor) -> None:
        field = means.double().atanh()
        if not field.isfinite().all():
            raise UserError("got a mean of -1 or +1, expected inside (-1, 1): shrink it")
        self.means = means.double()
        super().__init__(
            len(means),
            site_potential=lambda x, i: -field[i] * x,
            bond_potential=lambda x, y, _: 0 * x * y,
        )

    def parameters(self) -> dict[str, Any]:
        """Plain values that determine the law."""
        return {"means": self.means.tolist()}
