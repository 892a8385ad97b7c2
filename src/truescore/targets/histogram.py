"""The histogram of a law on the line, held against the exact probability of every bin."""

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.targets.base import Target
from truescore.targets.observable import Observable


def histogram_observable(law: Target, low: float, high: float, n_bins: int) -> Observable:
    """Total variation sum_k |n_k / n - P_k| / 2 over even bins and the two tails.

    The features are halved, so that their L1 error is the total variation itself. P_k is a
    difference of distribution functions, so that perfect samples err by their scatter alone:
    sum_k sqrt(P_k (1 - P_k) / (2 pi n)) on average where every bin has many samples.

    Args:
        law: of reals, with dim = 1.
        low: lower end of the bins.
        high: their upper end.
        n_bins: number of bins between the two.

    Raises:
        UserError: for a law of more dimensions or spins, or bins that hold nothing.
    """
    if law.state_space != "real" or law.dim != 1:
        raise UserError(
            f"got a histogram of {type(law).__name__} in {law.dim} dimensions of"
            f" {law.state_space}s, expected a law on the line"
        )
    if not low < high or n_bins < 1:
        raise UserError(
            f"got {n_bins} bins on [{low:g}, {high:g}], expected one or more, low < high"
        )
    edges = torch.linspace(low, high, n_bins + 1, dtype=torch.float64)
    inner = law.marginal_cdf(edges[:, None])[0][:, 0]
    below = torch.cat([torch.zeros(1).to(inner), inner, torch.ones(1).to(inner)])

    def average(x: Tensor) -> Tensor:
        place = torch.bucketize(x.double()[..., 0].contiguous(), edges, right=True)
        count = torch.zeros(*place.shape[:-1], n_bins + 2, dtype=torch.float64)
        count.scatter_add_(-1, place, torch.ones_like(place, dtype=torch.float64))
        return count / (2 * x.shape[-2])

    return Observable("histogram", "histogram, total variation", average, below.diff() / 2, "l1")
