"""The score of a law, seen through Gaussian noise or bare."""

import torch
from torch import Tensor

from truescore.targets import Target


def score(target: Target, x: Tensor, alpha: float = 1.0, sigma: float = 0.0) -> Tensor:
    """Gradient at x of the log density of alpha x_0 + sigma z, x_0 ~ target, z ~ N(0, I).

    By automatic differentiation of the exact log density, so that any law of reals will do.

    Args:
        target: a law of reals.
        x: points, shape ``(n, d)``.
        alpha: signal scale.
        sigma: noise scale; with 0, alpha is taken to be 1.
    """
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        if sigma == 0:
            log_density = target.log_prob(x)
        else:
            ones = x.new_ones(len(x))
            log_density, _ = target.gaussian_posterior(x, alpha * ones, sigma * ones)
        (gradient,) = torch.autograd.grad(log_density.sum(), x)
    return gradient
