"""The Potts model on a ring."""

import math
from typing import Any

import torch
from torch import Tensor

from truescore.targets.chain import NearestNeighbourChain
from truescore.targets.chain_observables import energy_per_site
from truescore.targets.observable import Observable


class PottsRing(NearestNeighbourChain):
    """p(x) ~ exp(-V(x)/T), V(x) = -J sum_i [x_i = x_{i+1}], states x_i = 0 .. q-1 on a ring.

    Exactly P(x_i = x_{i+r}) = (1 + (q-1) k^r) (1 + (q-1) k^(d-r)) / (q (1 + (q-1) k^d)), with k =
    (e^(J/T) - 1) / (e^(J/T) + q - 1), the ratio of the transfer matrix's two eigenvalues.

    Args:
        dim: number of sites d, at least 3.
        n_states: q, at least 2.
        coupling: J, in units of energy.
        temperature: T > 0, in units of energy.
    """

    n_states: int

    def __init__(
        self, dim: int, n_states: int = 3, coupling: float = 1.0, temperature: float = 1.0
    ) -> None:
        self.coupling = coupling
        super().__init__(
            dim,
            site_potential=lambda x, _: 0 * x,
            bond_potential=lambda x, y, _: -coupling * (x == y).double(),
            boundary="periodic",
            temperature=temperature,
            n_states=n_states,
        )

    def parameters(self) -> dict[str, Any]:
        """Plain values that determine the law."""
        return {
            "dim": self.dim,
            "n_states": self.n_states,
            "coupling": self.coupling,
            "temperature": self.temperature,
        }

    def agreement(self) -> Tensor:
        """P(x_i = x_{i+r}) for r = 1 .. d/2, ``(d // 2,)``."""
        q, r = self.n_states, torch.arange(1, self.dim // 2 + 1, dtype=torch.float64)
        weight = math.exp(self.coupling / self.temperature)
        k = (weight - 1) / (weight + q - 1)
        ways = (1 + (q - 1) * k**r) * (1 + (q - 1) * k ** (self.dim - r))
        return ways / (q * (1 + (q - 1) * k**self.dim))

    def observables(self) -> list[Observable]:
        """Frequencies of states, agreement of sites at a distance, and the energy.

        Labels are names: their means and covariances say nothing.
        """
        q, lags = self.n_states, torch.arange(1, self.dim // 2 + 1)

        def frequencies(x: Tensor) -> Tensor:
            return (x[..., None] == self.nodes.to(x)).double().mean(-3).flatten(-2)

        def agreement(x: Tensor) -> Tensor:
            shifted = torch.stack([x.roll(-int(r), -1) for r in lags], -1)
            return (x[..., None] == shifted).double().mean((-3, -2))

        uniform = torch.full((self.dim * q,), 1 / q, dtype=torch.float64)
        return [
            Observable(
                "frequencies",
                "frequencies, L2",
                frequencies,
                uniform,
                norm="l2",
                variance=self.dim * (1 - 1 / q),
            ),
            Observable("agreement", "agreement at a distance", agreement, self.agreement(), "l2"),
            energy_per_site(self),
        ]
