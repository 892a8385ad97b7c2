"""Exact starts: of the law at T, and near to the prior's draws."""

import pytest
import torch

from truescore.budget.start import align, exact_start
from truescore.denoisers import oracle
from truescore.processes import Absorbing, SpinFlip, VariancePreserving
from truescore.randomness import keyed_generator
from truescore.samplers import AnalyticBridge, Heun

from .gaussian import LAW, RING

N = 20_000


def draws(sampler, exact, target):
    x_0 = target.sample(N, torch.Generator().manual_seed(1))
    drawn = exact_start(sampler, exact, x_0, keyed_generator(0, "start"))
    return x_0, drawn, sampler.start(exact, N, target.dim, keyed_generator(0, "start"))


def test_spins_have_the_law_at_the_horizon_and_differ_where_the_laws_do(assert_mean):
    process = SpinFlip(6, tolerance=0.5)
    exact = oracle(RING, process)
    x_0, drawn, prior = draws(AnalyticBridge(4), exact, RING)
    alpha = 1 - 2 * float(process.flip_probability(torch.tensor(process.horizon).double()))
    assert alpha > 0.05
    assert_mean(x_0 * drawn, alpha)
    assert_mean(drawn[:, 0] * drawn[:, 1], alpha**2 * RING.covariance()[0, 1])
    assert_mean((drawn != prior).float(), alpha / 2)


def test_masks_stay_where_the_prior_has_no_other_symbol(assert_mean):
    process = Absorbing(6, tolerance=0.5)
    exact = oracle(RING, process)
    _, drawn, prior = draws(AnalyticBridge(4), exact, RING)
    assert set(prior.flatten().tolist()) == {0.0}
    kept = float((-process.schedule.value(torch.tensor(process.horizon).double())).exp())
    assert_mean((drawn != 0).float(), kept)


@pytest.mark.parametrize("prior", ["matched", "standard"])
def test_reals_are_on_the_noise_of_the_prior(prior, assert_mean):
    process = VariancePreserving(beta_max=4.0)
    exact = oracle(LAW, process)
    _, drawn, start = draws(Heun(4, prior=prior), exact, LAW)
    horizon = torch.tensor(process.horizon, dtype=torch.float64)
    alpha, sigma = float(process.alpha(horizon)), float(process.sigma(horizon))
    assert_mean(drawn**2, alpha**2 + sigma**2)
    assert_mean(drawn[:, 0] * drawn[:, 1], alpha**2 * LAW.covariance()[0, 1])
    # Were the noise not shared, the two would be sqrt(2) sigma apart, 14 times as far as this.
    assert float((drawn - start).square().mean().sqrt()) < 1.5 * alpha < sigma


def test_alignment_changes_the_signs_of_eigenvectors_alone():
    exact, other = (oracle(LAW, VariancePreserving()) for _ in range(2))
    other.basis = -other.basis
    align(other, exact)
    assert torch.equal(other.basis, exact.basis)
    assert torch.equal(other.spectrum, exact.spectrum)
