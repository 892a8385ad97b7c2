"""What is left of a loss above what the exact denoiser pays: the model's own part of it."""

import copy
from typing import NamedTuple

import torch
from torch import Tensor

from truescore.denoisers import Denoiser, DiscreteDenoiser, RealDenoiser
from truescore.losses.base import Loss


class ExcessLoss(NamedTuple):
    """Mean of a loss above the exact denoiser's, and its standard error."""

    mean: float
    standard_error: float


def excess_loss(
    loss: Loss,
    denoiser: Denoiser,
    oracle: Denoiser,
    x_0: Tensor,
    t: Tensor,
    generator: torch.Generator,
) -> ExcessLoss:
    """loss(denoiser) - loss(oracle) on the same points and the same noise.

    Most of a denoising loss is the noise itself, which no model can predict; here it drops out. For
    denoising score matching the mean is E|W (D(x_t, t) - E[x_0 | x_t])|^2 / d, the model's squared
    error in the loss's own weighting; for ratio matching the relative entropy per site.

    Args:
        loss: what the model was trained by.
        denoiser: the model.
        oracle: the exact denoiser of the same law and process.
        x_0: samples of the law, ``(n, d)``, n at least 2.
        t: times, ``(n,)``.
        generator: source of the noise.
    """
    if isinstance(denoiser, DiscreteDenoiser) and isinstance(oracle, DiscreteDenoiser):
        # Of the same sites, or the noise would not drop out.
        oracle = copy.copy(oracle)
        oracle.masked_only = denoiser.masked_only
    state = generator.get_state()
    with torch.no_grad():
        paid = loss(denoiser, x_0, t, generator).double()
        generator.set_state(state)
        if isinstance(denoiser, RealDenoiser) and isinstance(oracle, RealDenoiser):
            oracle = _WeighedAlike(oracle, denoiser)
        least = loss(oracle, x_0, t, generator).double()
    difference = paid - least
    standard_error = difference.std() / len(difference) ** 0.5
    return ExcessLoss(float(difference.mean()), float(standard_error))


class _WeighedAlike(RealDenoiser):
    """The oracle's answers in float64, weighed by the model's second moments and modes."""

    def __init__(self, oracle: RealDenoiser, model: RealDenoiser) -> None:
        super().__init__()
        self.oracle = oracle
        self.process = oracle.process
        self.spectrum, self.basis = model.spectrum, model.basis
        self.correction_modes = model.correction_modes

    def posterior_mean(self, x_t: Tensor, t: Tensor) -> Tensor:
        return self.oracle.posterior_mean(x_t.double(), t.double())
