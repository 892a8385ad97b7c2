"""The classifier two-sample test: can anything small tell the samples from exact ones?"""

import math

import torch
from torch import Tensor

from truescore.metrics.distances.base import Distance, exact_scale, median_distance
from truescore.randomness import keyed_generator
from truescore.targets import Target

N_FOLDS = 5
N_FEATURES = 128
# Penalty of the squared weights per training sample; features are of order one.
RIDGE = 1e-2
# Features reach from the law's median distance down to this fraction of it.
FINEST = 1 / 8


class ClassifierTest(Distance):
    """Share of held-out samples that a classifier sorts right into model and exact: 1/2 is perfect.

    Ridge regression of the labels +-1 on the standardised sites and 128 random Fourier features
    cos(<w, x> + b), of length scales between the median distance of exact samples and an eighth of
    it; five-fold cross-validation. Lopez-Paz and Oquab 2017 (the test), Rahimi and Recht 2007 (the
    features). The folds share training samples, so the number of hits is not quite binomial; its
    law comes from exact samples as for every other distance.

    Args:
        target: the law.
    """

    name = "c2st"
    label = "C2ST accuracy"
    most = 512
    null_size = 512

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        generator = keyed_generator(0, "features", target.dim)

        def uniform() -> Tensor:
            return torch.rand(N_FEATURES, dtype=torch.float64, generator=generator)

        scale = median_distance(exact_scale(target)) * FINEST ** uniform()
        z = torch.randn(target.dim, N_FEATURES, dtype=torch.float64, generator=generator)
        self.frequencies = z / scale
        self.phases = 2 * math.pi * uniform()
        self.mean = target.mean()
        self.deviation = target.covariance().diagonal().sqrt()

    def features(self, x: Tensor) -> Tensor:
        """``(n, d) -> (n, f)``."""
        waves = math.sqrt(2) * (x @ self.frequencies + self.phases).cos()
        ones = torch.ones(len(x), 1, dtype=torch.float64)
        return torch.cat([ones, (x - self.mean) / self.deviation, waves], 1)

    def __call__(self, x: Tensor, y: Tensor) -> float:
        """Accuracy on held-out samples, ``(n, d)`` and ``(n, d)`` float64."""
        phi = self.features(torch.cat([x, y]))
        label = torch.cat([torch.ones(len(x)), -torch.ones(len(y))]).double()
        # Every fifth sample of either side makes a fold: they come in no order.
        fold = torch.cat([torch.arange(len(x)), torch.arange(len(y))]) % N_FOLDS
        parts = [(phi[fold == k], label[fold == k]) for k in range(N_FOLDS)]
        products = torch.stack([a.mT @ a for a, _ in parts])
        targets = torch.stack([a.mT @ b for a, b in parts])
        penalty = RIDGE * len(phi) * torch.eye(phi.shape[1], dtype=torch.float64)
        weights = torch.linalg.solve(
            products.sum(0) - products + penalty, (targets.sum(0) - targets)[..., None]
        )[..., 0]
        hits = sum(int((a @ w * b > 0).sum()) for (a, b), w in zip(parts, weights, strict=True))
        return hits / len(phi)
