"""Pseudo-likelihood against enumeration: its value, its minimiser and its prior."""

import itertools
import math

import pytest
import torch

from truescore.denoisers import LearnedSpinDenoiser
from truescore.errors import UserError
from truescore.losses import PseudoLikelihood
from truescore.nets import Couplings
from truescore.processes import SpinFlip
from truescore.targets import IsingTorus

LAW = IsingTorus(3, 3, coupling=0.3, temperature=1.0)
STATES = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=9))).double()
T = torch.full((len(STATES),), 1e-3)


def model(strength):
    net = Couplings(9, [3, 3]).double()
    torch.nn.init.constant_(net.strengths, strength)
    return LearnedSpinDenoiser(net, SpinFlip(9))


def expected_loss(denoiser, prior_scale=math.inf):
    loss = PseudoLikelihood(100, prior_scale)(denoiser, STATES, T, torch.Generator())
    return (LAW.log_prob(STATES).exp() * loss).sum()


def test_the_true_couplings_are_the_minimiser():
    true, wrong = model(0.3), model(0.35)
    exact = -torch.nn.functional.logsigmoid(STATES * LAW.site_log_odds(STATES)).mean(-1)
    torch.testing.assert_close(
        expected_loss(true), (LAW.log_prob(STATES).exp() * exact).sum(), rtol=1e-6, atol=0
    )
    expected_loss(true).backward()
    assert true.net.strengths.grad.abs().max() < 1e-7
    expected_loss(wrong).backward()
    assert (wrong.net.strengths.grad > 1e-3).all()


def test_the_prior_is_a_gaussian_on_every_coupling():
    added = expected_loss(model(0.3), prior_scale=0.5) - expected_loss(model(0.3))
    torch.testing.assert_close(added.item(), 18 * 0.3**2 / (2 * 0.25 * 100 * 9))


def test_data_are_not_noised():
    loss = PseudoLikelihood(100)
    t = loss.sample_times(model(0.1), 4, torch.Generator())
    assert t.tolist() == pytest.approx([model(0.1).process.t_min] * 4)
    first, second = (
        loss(model(0.1), STATES, T, torch.Generator().manual_seed(seed)) for seed in (0, 1)
    )
    assert torch.equal(first, second)


def test_a_prior_without_width_is_refused():
    with pytest.raises(UserError, match=r"got prior_scale=0\.0"):
        PseudoLikelihood(10, 0.0)
