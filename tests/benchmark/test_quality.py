"""Steps to equal quality: on laws whose answer is known."""

import pytest
import torch

from truescore.benchmark import Settings, quality
from truescore.denoisers import RealOracle
from truescore.processes import VariancePreserving
from truescore.samplers import DDIM, DPMSolver2MSDE, Heun
from truescore.samplers.gaussian_law import sampler_moments
from truescore.targets import GaussianMixture


@pytest.fixture
def law():
    covariance = torch.tensor([[[1.0, 0.3], [0.3, 0.5]]])
    return GaussianMixture(torch.ones(1), torch.zeros(1, 2), covariance)


def test_what_is_allowed_is_half_the_error_of_ten_thousand_samples(law):
    generator = torch.Generator().manual_seed(0)
    squares = [
        float((x.mT @ x / 10_000 - law.covariance()).norm() ** 2)
        for x in law.sample(2_000_000, generator).double().split(10_000)
    ]
    floor = (sum(squares) / len(squares)) ** 0.5
    assert quality.allowed(law) == pytest.approx(floor / 2, rel=0.2)


def test_whitened_modes_are_exact_on_a_gaussian_law_and_others_need_more():
    heun, ddim = quality.gaussian(8, (Heun, DDIM))
    assert heun.spread.median < 10 < ddim.spread.median


def test_the_fewest_steps_are_enough_and_half_are_not():
    """Steps with noise, yet without a sample drawn."""
    (row,) = quality.gaussian(8, (DPMSolver2MSDE,))
    steps = int(row.note.split()[0])
    assert row.spread.median == steps in quality.MORE_STEPS
    chain = quality.build_target(quality.composed(["+experiment=gl_d8"]))
    law = GaussianMixture(torch.ones(1), torch.zeros(1, 8), chain.covariance()[None])
    exact = RealOracle(law, VariancePreserving())
    errors = [
        float((sampler_moments(DPMSolver2MSDE(n), exact)[1] - law.covariance()).norm())
        for n in (steps // 2, steps)
    ]
    assert errors[1] < quality.allowed(law) <= errors[0]


def test_what_needs_too_many_steps_is_told(monkeypatch):
    monkeypatch.setattr(quality, "MORE_STEPS", (2, 4))
    (row,) = quality.gaussian(8, (DDIM,))
    assert (row.verdict, row.note) == ("not measured", "not reached in 4 steps")


def test_the_exact_denoiser_counts_how_often_it_is_asked(law):
    exact = quality.Counted(law, VariancePreserving())
    sampler = Heun(5)
    sampler.sample(exact, 3, 2, torch.Generator().manual_seed(0))
    assert exact.calls == sampler.evaluations == 9


@pytest.mark.slow
def test_every_sampler_has_a_row():
    rows = list(quality.measure(Settings(("sample",)), 8, n=20, rounds=1))
    found = {row.quantity.partition(":")[0].partition(",")[0] for row in rows}
    assert {"Heun", "Adaptive", "torchcfm"} <= found
