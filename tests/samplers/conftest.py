"""Laws in the plane that samplers are tried on."""

import torch

from truescore.targets import GaussianMixture

MEAN = torch.tensor([1.0, -0.5], dtype=torch.float64)
COVARIANCE = torch.tensor([[1.5, 0.9], [0.9, 0.8]], dtype=torch.float64)
GAUSSIAN = GaussianMixture(torch.ones(1), MEAN[None], COVARIANCE[None])
WELLS = GaussianMixture(
    torch.ones(2),
    torch.tensor([[1.0, 0.8], [-1.0, -0.8]], dtype=torch.float64),
    0.1 * COVARIANCE.expand(2, 2, 2),
)
POINTS = torch.tensor([[0.3, -0.1], [-1.2, 0.5], [0.7, 0.9], [2.0, -1.5]], dtype=torch.float64)
