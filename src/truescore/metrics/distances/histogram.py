"""Total variation of single-site histograms against the exact law of every bin."""

from collections.abc import Callable

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.metrics.distances.base import Distance, exact_scale
from truescore.targets import Target

N_BINS = 20


def total_variation(samples: Tensor, cdf: Callable[[Tensor], Tensor], edges: Tensor) -> Tensor:
    """sum_k |n_k / n - P_k| / 2 over the bins between ``edges`` and the two tails, ``(d,)``.

    P_k is the exact difference of distribution functions over a bin, not a density at its centre,
    so perfect samples err by their scatter alone, however wide the bins.

    Args:
        samples: ``(n, d)``.
        cdf: P(X_i < e_i) at points ``(k, d)``, elementwise, float64.
        edges: increasing along the first axis, ``(k, d)`` float64; a bin holds its lower edge.
    """
    if (
        edges.ndim != 2
        or edges.shape[1] != samples.shape[1]
        or bool((edges.diff(dim=0) <= 0).any())
    ):
        raise UserError(
            f"got edges of shape {tuple(edges.shape)}, expected (k, {samples.shape[1]}), increasing"
            " along k: sort them and drop the equal ones"
        )
    n, dim = samples.shape
    inner = cdf(edges)
    below = torch.cat([torch.zeros(1, dim).to(inner), inner, torch.ones(1, dim).to(inner)])
    place = torch.searchsorted(edges.mT.contiguous(), samples.to(edges).mT.contiguous(), right=True)
    count = torch.zeros(dim, len(edges) + 1, dtype=torch.float64)
    count.scatter_add_(1, place, torch.ones_like(place, dtype=torch.float64))
    return (count.mT / n - below.diff(dim=0)).abs().sum(0) / 2


class TotalVariation(Distance):
    """Mean over sites of the total variation on 20 bins of about equal exact probability.

    Samples are held against the exact law itself, without exact samples.

    Args:
        target: the law.
    """

    name = "total_variation"
    label = "marginals, total variation"
    most = 10_000
    state_spaces = ("real",)

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        levels = torch.linspace(0, 1, N_BINS + 1, dtype=torch.float64)[1:-1]
        self.edges = exact_scale(target).quantile(levels, dim=0)

    def __call__(self, x: Tensor, y: Tensor) -> float:
        """Mean total variation of ``x``, ``(n, d)`` float64; ``y`` is not looked at."""
        return float(
            total_variation(x, lambda at: self.target.marginal_cdf(at)[0], self.edges).mean()
        )
