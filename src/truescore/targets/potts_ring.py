"""The Potts model on a ring."""

import math
from typing import Any

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.targets.chain import NearestNeighbourChain


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


class IndependentStates(NearestNeighbourChain):
    """States with given probabilities and no coupling: p(x) = prod_i P_i(x_i).

    Args:
        probabilities: P_i(a), > 0, ``(d, q)``.
    """

    def __init__(self, probabilities: Tensor) -> None:
        log_probs = probabilities.double().log()
        if not log_probs.isfinite().all():
            raise UserError("got a probability of 0, expected inside (0, 1): shrink the others")
        self.probabilities = probabilities.double()
        super().__init__(
            len(log_probs),
            site_potential=lambda x, i: -log_probs[i, x.long()],
            bond_potential=lambda x, y, _: 0 * x * y,
            n_states=log_probs.shape[1],
        )

    def parameters(self) -> dict[str, Any]:
        """Plain values that determine the law."""
        return {"probabilities": self.probabilities.tolist()}
