"""The log-odds of a law of pairs, with a coupling of its own for every bond."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from truescore.errors import UserError


class Couplings(nn.Module):
    """logit P(x_i = +1 | x without x_i) = 2 sum_j K_ij x_j, K = J/T symmetric without a diagonal.

    That is p(x) ~ exp(sum_{i<j} K_ij x_i x_j) as it is at t = 0, which is where it learns (by
    ``loss=pseudo_likelihood``) and where it holds; no two bonds share a parameter.

    Args:
        dim: number of sites d.
        lattice: sites along each axis of a periodic lattice, at least 3, such as ``[10, 10]``;
            site (a, b) is a * columns + b.
        all_pairs: couple every pair of sites; otherwise nearest neighbours alone.
    """

    bonds: Tensor

    def __init__(self, dim: int, lattice: Sequence[int], all_pairs: bool = False) -> None:
        super().__init__()
        if math.prod(lattice) != dim or min(lattice, default=0) < 3:
            raise UserError(
                f"got lattice={list(lattice)} for {dim} sites, expected axes of at least 3 sites"
                f" whose product is {dim}: set model.net.lattice"
            )
        bonds = torch.triu_indices(dim, dim, 1) if all_pairs else lattice_bonds(lattice)
        self.register_buffer("bonds", bonds, persistent=False)
        self.dim = dim
        self.strengths = nn.Parameter(torch.zeros(bonds.shape[1]))

    def matrix(self) -> Tensor:
        """K, ``(d, d)``."""
        half = self.strengths.new_zeros(self.dim, self.dim)
        half = half.index_put(tuple(self.bonds), self.strengths)
        return half + half.mT

    def forward(self, x_t: Tensor, noise_level: Tensor) -> Tensor:
        """Map spins ``(n, d)`` to leave-one-out logits ``(n, d)``, alike at all noise levels."""
        if x_t.shape[-1] != self.dim:
            raise UserError(
                f"got shape {tuple(x_t.shape)}, expected (n, {self.dim}): reshape the spins"
            )
        return 2 * x_t @ self.matrix()


def lattice_bonds(lattice: Sequence[int]) -> Tensor:
    """Both ends of every nearest-neighbour bond of a periodic lattice, ``(2, bonds)``, i < j."""
    site = torch.arange(math.prod(lattice)).reshape(*lattice)
    ends = [torch.stack([site, site.roll(-1, axis)]).flatten(1) for axis in range(len(lattice))]
    return torch.cat(ends, 1).sort(0).values
