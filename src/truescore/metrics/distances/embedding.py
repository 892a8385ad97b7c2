"""Energy distance and maximum mean discrepancy: distances of mean embeddings."""

from abc import abstractmethod

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.metrics.distances.base import Distance, exact_scale, median_distance
from truescore.metrics.interval import N_GROUPS, debiased_interval
from truescore.metrics.verdict import signed_root
from truescore.targets import Target

# Entries of a kernel matrix that stand in memory at once.
ENTRIES = 2**22


class Embedding(Distance):
    """|mu_x - mu_y| of the mean embeddings of two sample sets, for a kernel k.

    The square is mean k(x, x') + mean k(y, y') - 2 mean k(x, y) over all pairs, diagonals too, so
    the distance is never negative; without the diagonals it is unbiased, and its signed root is the
    debiased distance.
    """

    most = 2000

    @abstractmethod
    def kernel(self, x: Tensor, y: Tensor) -> Tensor:
        """k(x_i, y_j), ``(n, m)``."""

    def __call__(self, x: Tensor, y: Tensor) -> float:
        """|mu_x - mu_y|, samples ``(n, d)`` and ``(m, d)`` float64."""
        return max(self.square(x, y), 0.0) ** 0.5

    def square(self, x: Tensor, y: Tensor) -> float:
        """|mu_x - mu_y|^2 with the diagonals."""
        return self._mean(x, x) + self._mean(y, y) - 2 * self._mean(x, y)

    def unbiased_square(self, x: Tensor, y: Tensor) -> float:
        """The unbiased estimate of |mu_x - mu_y|^2, which may be negative. Gretton et al. 2012."""
        return self._mean_of_pairs(x) + self._mean_of_pairs(y) - 2 * self._mean(x, y)

    def own_error(self, x: Tensor, y: Tensor) -> tuple[float, tuple[float, float]]:
        """The signed root of the unbiased square, and its 95% interval."""
        unbiased = self.unbiased_square(x, y)
        noise = max(self.square(x, y) - unbiased, 0.0) ** 0.5
        # Vectors with the inner products that the embeddings of groups have: all that is needed.
        values, vectors = torch.linalg.eigh(self._group_products(x, y))
        groups = vectors * values.clamp(min=0).sqrt()
        return signed_root(unbiased), debiased_interval(groups, groups.mean(0), noise)

    def _mean(self, x: Tensor, y: Tensor) -> float:
        rows = max(1, ENTRIES // len(y))
        return sum(float(self.kernel(part, y).sum()) for part in x.split(rows)) / len(x) / len(y)

    def _mean_of_pairs(self, x: Tensor) -> float:
        n = len(x)
        # The kernels depend on x - y alone: one diagonal entry is all of them.
        diagonal = float(self.kernel(x[:1], x[:1]))
        return (n * self._mean(x, x) - diagonal) / (n - 1)

    def _group_products(self, x: Tensor, y: Tensor) -> Tensor:
        """Inner products of mu_x - mu_y between groups of successive samples, ``(G, G)``."""
        n = min(len(x), len(y))
        size = max(1, n // N_GROUPS)
        count = n // size
        x, y = x[: count * size], y[: count * size]
        rows = max(1, ENTRIES // (count * size * size)) * size

        def between(a: Tensor, b: Tensor) -> Tensor:
            parts = [
                self.kernel(part, b).reshape(-1, size, count, size).mean((1, 3))
                for part in a.split(rows)
            ]
            return torch.cat(parts)

        mixed = between(x, y)
        return between(x, x) + between(y, y) - mixed - mixed.mT


class EnergyDistance(Embedding):
    """sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|), zero for equal laws only.

    The kernel is -|x - y|. Spins take the same: |x - y| is twice the root of their Hamming
    distance. The Hamming distance itself would be |x - y|^2 / 4, which sees means alone.
    Szekely and Rizzo 2013; as an embedding, Sejdinovic et al. 2013.
    """

    name = "energy_distance"
    label = "energy distance"

    def kernel(self, x: Tensor, y: Tensor) -> Tensor:
        """-|x_i - y_j|, ``(n, m)``."""
        return -torch.cdist(x, y)


class MeanDiscrepancy(Embedding):
    """Maximum mean discrepancy with the kernel exp(-|x - y|^2 / (2 b^2)). Gretton et al. 2012.

    b is the median distance of exact samples. On spins the kernel falls off exponentially with
    the Hamming distance |x - y|^2 / 4.

    Args:
        target: the law.
    """

    name = "mmd"
    label = "MMD, Gaussian kernel"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.bandwidth = median_distance(exact_scale(target))
        if self.bandwidth == 0:
            raise UserError(
                "got exact samples most of which are equal, expected a law with a scale for mmd:"
                " use metrics.distances=[energy_distance]"
            )

    def kernel(self, x: Tensor, y: Tensor) -> Tensor:
        """exp(-|x_i - y_j|^2 / (2 b^2)), ``(n, m)``."""
        return torch.cdist(x, y).square_().mul_(-0.5 / self.bandwidth**2).exp_()
