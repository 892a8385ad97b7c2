"""Denoising at one noise level."""

import pytest
import torch

from truescore.denoisers import oracle
from truescore.errors import UserError
from truescore.losses import FixedSigmaDenoising
from truescore.processes import VariancePreserving
from truescore.targets import GaussianMixture

PROCESS = VariancePreserving()
LAW = GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.diag(torch.tensor([2.0, 0.5]))[None])


@pytest.mark.parametrize("sigma", [0.02, 0.3, 50.0])
def test_loss_is_the_blurred_score_s(sigma, assert_mean):
    """sigma^2 |score - conditional score|^2 / d of a Gaussian blurred by sigma, in closed form.

    The exact score of y is -y / (l + sigma^2): its loss is l / (l + sigma^2) in each coordinate.
    """
    loss, denoiser = FixedSigmaDenoising(sigma), oracle(LAW, PROCESS)
    t = loss.sample_times(denoiser, 20_000, torch.Generator())
    assert t.unique().numel() == 1
    s = PROCESS.sigma(t[0].double()) / PROCESS.alpha(t[0].double())
    assert float(s) == pytest.approx(sigma, rel=1e-5)
    generator = torch.Generator().manual_seed(1)
    x_0 = LAW.sample(20_000, generator)
    least = torch.tensor([2.0, 0.5]) / (torch.tensor([2.0, 0.5]) + sigma**2)
    assert_mean(loss(denoiser, x_0, t, generator), float(least.mean()), slack=1e-5)


@pytest.mark.parametrize("sigma", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_levels_are_refused(sigma):
    with pytest.raises(UserError, match="expected a positive number"):
        FixedSigmaDenoising(sigma)


@pytest.mark.parametrize("sigma", [1e-3, 1e3])
def test_levels_that_the_process_lacks_are_refused(sigma):
    with pytest.raises(UserError, match="expected 0.01 to 1.5e"):
        FixedSigmaDenoising(sigma).sample_times(oracle(LAW, PROCESS), 2, torch.Generator())
