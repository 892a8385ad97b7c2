"""Overdamped Langevin dynamics: noise, and a drift up the density that holds it in balance."""

import torch
from torch import Tensor

from truescore.dynamics.base import AdditiveSDE
from truescore.dynamics.noised_law import NoisedLaw
from truescore.targets import GaussianMixture, Target


class OverdampedLangevin(AdditiveSDE):
    """dX = (sigma^2/2) grad log p(X) dt + sigma dW, whose stationary law is p for every sigma.

    sigma^2 only sets the pace: time enters as sigma^2 t. Between wells that noise seldom crosses,
    the law at finite t can stay far from p.

    Args:
        target: the law p of reals.
        sigma: strength of the noise, > 0.
    """

    def __init__(self, target: Target, sigma: float) -> None:
        super().__init__(sigma)
        self.law = NoisedLaw(target)

    def drift(self, x: Tensor, t: Tensor) -> Tensor:
        """(sigma^2/2) grad log p(x)."""
        return self.sigma**2 / 2 * self.law.score(x)

    @property
    def stability_limit(self) -> float:
        """4 l / sigma^2, l the smallest variance of the law or of one of its Gaussians.

        The drift returns at the rate sigma^2/2 times the curvature of -log p. That is 1/l at most
        for a Gaussian, and at least 1/l somewhere for any smooth law (Cramer and Rao), so that
        other laws may need smaller steps.
        """
        target = self.law.target
        if isinstance(target, GaussianMixture):
            narrowest = target.spectrum.min()
        else:
            narrowest = torch.linalg.eigvalsh(target.covariance())[0]
        return 4 * float(narrowest) / self.sigma**2

    def law_at(self, t: float) -> NoisedLaw:
        """The law that the points tend to, at every t."""
        return self.law
