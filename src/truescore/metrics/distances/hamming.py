"""The discrepancy by which discrete models are compared, in the protocol of their papers."""

import torch
from scipy.stats import t
from torch import Tensor

from truescore.metrics.distances.embedding import Embedding

DECAY = 0.1
N_SETS = 10


class HammingDiscrepancy(Embedding):
    """MMD^2 with the kernel exp(-0.1 * Hamming distance), averaged over ten pairs of sets.

    Both sides are cut into ten sets of equal size, 4,000 of 40,000 samples; of each pair of sets
    the unbiased estimate is taken, so the value may be negative, and its mean over perfect samples
    is 0. It is its own debiased value; the interval comes from the scatter of the ten. Protocol of
    Zhang et al. 2022 (arXiv 2202.01361), estimate of Gretton et al. 2012.

    Args:
        target: the law.
    """

    name = "hamming_mmd"
    label = "MMD², Hamming kernel"
    most = 40_000
    null_size = 1280
    rate = 1.0
    unbiased = True
    state_spaces = ("spin",)

    def kernel(self, x: Tensor, y: Tensor) -> Tensor:
        """exp(-0.1 h(x_i, y_j)), ``(n, m)``; of spins h = (d - x.y)/2."""
        return (x @ y.mT).sub_(x.shape[1]).mul_(DECAY / 2).exp_()

    def __call__(self, x: Tensor, y: Tensor) -> float:
        """Mean unbiased square of ``(n, d)`` and ``(n, d)`` spins."""
        return float(self.each(x, y).mean())

    def each(self, x: Tensor, y: Tensor) -> Tensor:
        """The unbiased squares of the ten pairs of sets, ``(10,)``; the rest is not looked at."""
        size = min(len(x), len(y)) // N_SETS
        pairs = zip(x.split(size), y.split(size), strict=False)
        squares = [self.unbiased_square(a, b) for a, b in list(pairs)[:N_SETS]]
        return torch.tensor(squares, dtype=torch.float64)

    def own_error(self, x: Tensor, y: Tensor) -> tuple[float, tuple[float, float]]:
        """The value itself, and its 95% interval by Student's law of the ten."""
        squares = self.each(x, y)
        value = float(squares.mean())
        half = float(t.ppf(0.975, N_SETS - 1)) * float(squares.std()) / N_SETS**0.5
        return value, (value - half, value + half)
