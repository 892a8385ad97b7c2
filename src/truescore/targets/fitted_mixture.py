"""A mixture of many Gaussians with one common covariance, fitted to data."""

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.targets import moments
from truescore.targets.gaussian_mixture import GaussianMixture

SUBSET, SUBSET_STEPS, STEPS, ROWS = 20_000, 30, 10, 20_000


def fit_mixture(
    x: Tensor, n_means: int, generator: torch.Generator, odd: bool, reflection: bool
) -> GaussianMixture:
    """Mixture sum_k w_k N(m_k, S) by expectation maximisation, from seeds that lie far apart.

    Rare configurations that lie far from the others, such as domain walls, get components of their
    own, because seeds are drawn with probability proportional to their squared distance from those
    drawn before (k-means++, Arthur and Vassilvitskii 2007). The second moments are the data's,
    exactly.

    Args:
        x: data, ``(n, d)`` reals.
        n_means: number of free means, at most n.
        generator: draws the seeds, and the subset on which the first steps are taken.
        odd: let every component stand with its mirror image -m, with the same weight.
        reflection: let every component stand with m reversed, with the same weight.

    Raises:
        UserError: for fewer samples than dimensions or than means.
    """
    n, dim = x.shape
    if n <= max(dim, n_means):
        raise UserError(
            f"got n_train={n} samples for {n_means} means in {dim} dimensions,"
            " expected more samples than either: raise dataset.n_train"
        )
    images = _Images(odd, reflection)
    few = x[torch.randperm(n, generator=generator)[:SUBSET]].double()
    means, distance = _far_apart(few, n_means, images, generator)
    weights = torch.full((n_means,), 1 / n_means, dtype=torch.float64)
    within = distance / dim * torch.eye(dim, dtype=torch.float64)
    for data, steps in ((few, SUBSET_STEPS), (x, STEPS)):
        second_moment = images.average(moments.second_moment(data))
        for _ in range(steps):
            weights, means = _update(data, weights, means, within, images)
            everywhere, shares = images.of(means), images.shares(weights)
            within = second_moment - (shares[:, None] * everywhere).mT @ everywhere
    everywhere, shares = images.of(means), images.shares(weights)
    return GaussianMixture(shares, everywhere, within.expand(len(shares), dim, dim))


class _Images:
    """The group of symmetries: a sign and a reversal for each of its elements."""

    def __init__(self, odd: bool, reflection: bool) -> None:
        signs, orders = ((1, -1) if odd else (1,)), ((1, -1) if reflection else (1,))
        self.elements = [(sign, order) for sign in signs for order in orders]

    def of(self, means: Tensor) -> Tensor:
        """All images of means ``(k, d)``, ``(g k, d)``."""
        return torch.cat([self._move(means, *element) for element in self.elements])

    def shares(self, weights: Tensor) -> Tensor:
        """The weight of each image, ``(g k,)``."""
        return weights.repeat(len(self.elements)) / len(self.elements)

    def back(self, images: Tensor) -> Tensor:
        """Sum over the group of images ``(g k, d)`` brought back, ``(k, d)``."""
        parts = images.chunk(len(self.elements))
        moved = [self._move(part, *e) for part, e in zip(parts, self.elements, strict=True)]
        return torch.stack(moved).sum(0)

    def average(self, second_moment: Tensor) -> Tensor:
        """Second moments of the data and all its images."""
        if (1, -1) not in self.elements:
            return second_moment
        return (second_moment + second_moment.flip(0, 1)) / 2

    @staticmethod
    def _move(points: Tensor, sign: int, order: int) -> Tensor:
        return sign * (points if order == 1 else points.flip(-1))


def _far_apart(
    x: Tensor, n_means: int, images: _Images, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Points of x far from each other's images, and the mean squared distance to the nearest."""
    seeds = [x[0]]
    nearest = torch.cdist(x, images.of(x[:1])).amin(1) ** 2
    while len(seeds) < n_means:
        seeds.append(x[torch.multinomial(nearest, 1, generator=generator)[0]])
        nearest = nearest.minimum(torch.cdist(x, images.of(seeds[-1][None])).amin(1) ** 2)
    return torch.stack(seeds), nearest.mean()


def _update(
    x: Tensor, weights: Tensor, means: Tensor, within: Tensor, images: _Images
) -> tuple[Tensor, Tensor]:
    """Weights and means after one step of expectation maximisation."""
    everywhere = images.of(means)
    projected = torch.linalg.solve(within, everywhere.mT)
    offset = images.shares(weights).log() - (projected.mT * everywhere).sum(1) / 2
    total, count = torch.zeros_like(everywhere), torch.zeros_like(offset)
    for rows in x.split(ROWS):
        rows = rows.double()
        responsibility = (rows @ projected + offset).softmax(1)
        total += responsibility.mT @ rows
        count += responsibility.sum(0)
    count = count.reshape(len(images.elements), -1).sum(0)
    alive = count > 1  # a mean that answers for no sample has left the mixture
    return count[alive] / len(x), images.back(total)[alive] / count[alive, None]
