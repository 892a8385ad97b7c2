"""The Ising model on a torus as a ring of columns, solved by the transfer matrix between them."""

from functools import cached_property

import torch
from torch import Tensor

# Entries of the columns' weights at once, when columns are drawn.
ENTRIES = 2**22


class Strip:
    """L columns in a ring, each a ring of w spins; the weight of a state is exp(K Q).

    Q is the sum of x x' over all bonds. With S = 2^w states of a column, the matrix
    A(s, s') = exp(K (s.s' + (q(s) + q(s'))/2)), q the bonds within a column, is symmetric and
    Z = tr A^L. One spectrum of A gives every moment, whatever L, and 2 log2 L powers of A the
    samples. For w = 10 that is a second on one core and 8 MB for each such matrix; 10,000 states of
    10 x 10 take 1.5 s.

    Args:
        width: w, at least 3.
        length: L, at least 3.
        strength: K = J/T.
    """

    def __init__(self, width: int, length: int, strength: float) -> None:
        self.width, self.length, self.strength = width, length, strength
        bits = torch.arange(2**width)[:, None] >> torch.arange(width) & 1
        self.states = (2 * bits - 1).double()
        self._powers: dict[int, Tensor] = {}
        self.within = (self.states * self.states.roll(1, 1)).sum(1)

    @property
    def bonds(self) -> Tensor:
        """Q between neighbouring columns, and half of that within either, ``(S, S)``."""
        return self.states @ self.states.mT + (self.within[:, None] + self.within) / 2

    @cached_property
    def matrix(self) -> Tensor:
        """A, over its largest entry, ``(S, S)``."""
        log_weight = self.strength * self.bonds
        return (log_weight - log_weight.max()).exp()

    @cached_property
    def _spectrum(self) -> tuple[Tensor, Tensor, float]:
        """Eigenvalues over the largest, eigenvectors, and the logarithm of the largest of A."""
        values, vectors = torch.linalg.eigh(self.matrix)
        largest = values[-1]
        scale = (self.strength * self.bonds).max() + largest.log()
        return values / largest, vectors, float(scale)

    @property
    def log_normalizer(self) -> float:
        """Log Z."""
        values, _, scale = self._spectrum
        return self.length * scale + float((values**self.length).sum().log())

    @cached_property
    def bond_moments(self) -> tuple[float, float]:
        """E[Q] and Var[Q].

        Z and its derivatives in K: Z'' = L tr(A'' A^(L-1)) + L sum_m tr(A' A^m A' A^(L-2-m)),
        where K acts on every entry of A alone, so that A' = A q and A'' = A q^2 entry by entry.
        """
        values, vectors, scale = self._spectrum
        bonds, length = self.bonds, self.length
        weight = (self.strength * bonds - scale).exp()
        total = (values**length).sum()
        first = vectors.mT @ (weight * bonds) @ vectors
        second = ((vectors @ (values ** (length - 1) * vectors).mT) * weight * bonds**2).sum()
        pairs = torch.zeros_like(first)
        for m in range(length - 1):
            pairs += torch.outer(values**m, values ** (length - 2 - m))
        mean = length * (first.diagonal() * values ** (length - 1)).sum() / total
        square = length * (second + (first * first.mT * pairs).sum()) / total
        return float(mean), float(square - mean**2)

    @cached_property
    def correlation(self) -> Tensor:
        """E[x x'] of two spins m columns and r places apart, ``(L, w)``."""
        values, vectors, _ = self._spectrum
        length, width = self.length, self.width
        distance = torch.arange(length)[:, None]
        here, there = values ** (length - distance), values**distance

        def spin(place: int) -> Tensor:
            return vectors.mT @ (self.states[:, place, None] * vectors)

        first = spin(0)
        half = [((here @ (first * spin(r))) * there).sum(1) for r in range(width // 2 + 1)]
        columns = [half[min(r, width - r)] for r in range(width)]
        return torch.stack(columns, 1) / (values**length).sum()

    def power(self, m: int) -> Tensor:
        """A^m up to a factor: of positive numbers, so that every entry keeps its digits."""
        if m == 1:
            return self.matrix
        if m not in self._powers:
            product = self.power(m // 2) @ self.power(m - m // 2)
            self._powers[m] = product / product.max()
        return self._powers[m]

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw ``n`` states exactly, ``(n, L, w)`` spins, float64.

        The first column has the weights of the diagonal of A^L; it stands at both ends of the cut
        ring. A column between two known ones, a and b columns away, has the weights
        A^a(s, .) A^b(., s'): bisection needs about 2 log2 L powers of A in memory.
        """
        blocks = torch.arange(n).split(max(1, ENTRIES // len(self.states)))
        return torch.cat([self._block(len(block), generator) for block in blocks])

    def _block(self, n: int, generator: torch.Generator) -> Tensor:
        columns = torch.empty(n, self.length + 1, dtype=torch.long)
        ends = self.power(self.length).diagonal().expand(n, -1)
        columns[:, 0] = columns[:, -1] = _draw(ends, generator)
        gaps = [(0, self.length)]
        while gaps:
            left, right = gaps.pop()
            if right - left < 2:
                continue
            middle = left + (right - left) // 2
            before = self.power(middle - left)[columns[:, left]]
            columns[:, middle] = _draw(
                before * self.power(right - middle)[columns[:, right]], generator
            )
            gaps += [(left, middle), (middle, right)]
        return self.states[columns[:, :-1]]


def _draw(weight: Tensor, generator: torch.Generator) -> Tensor:
    """An index for each row of weights ``(n, S)``."""
    below = weight.cumsum(1)
    uniform = torch.rand(len(weight), 1, dtype=torch.float64, generator=generator)
    return torch.searchsorted(below, uniform * below[:, -1:], right=True)[:, 0].clamp(
        max=weight.shape[1] - 1
    )
