"""What single samplers of reals promise beside their order: memory, churn, options."""

import itertools
import sys

import pytest
import torch

from truescore.denoisers import oracle
from truescore.errors import UserError
from truescore.processes import VariancePreserving
from truescore.samplers import (
    DDIM,
    EDM,
    AdamsBashforth,
    Adaptive,
    Ancestral,
    AnnealedLangevin,
    DPMSolver2M,
    DPMSolver2MSDE,
    Heun,
    PredictorCorrector,
)
from truescore.samplers.adams_bashforth import integration_weights

from .conftest import POINTS, WELLS


@pytest.mark.parametrize("kind", [DPMSolver2M, DPMSolver2MSDE])
def test_a_path_remembers_nothing_of_the_one_before(kind):
    """And its first step alone is that of the first-order method."""
    denoiser, sampler = oracle(WELLS, VariancePreserving()), kind(8)
    times = sampler.times(denoiser)

    def path():
        return sampler.path(denoiser, POINTS, times, torch.Generator().manual_seed(9))

    assert torch.equal(path(), path())
    plain = {DPMSolver2M: DDIM, DPMSolver2MSDE: Ancestral}[kind](8)
    t, s = times[0].expand(4), times[1].expand(4)
    first = [
        chosen.step(denoiser, POINTS, t, s, torch.Generator().manual_seed(9))
        for chosen in (sampler, plain)
    ]
    torch.testing.assert_close(*first, atol=1e-12, rtol=0)
    other = plain.path(denoiser, POINTS, times, torch.Generator().manual_seed(9))
    assert not torch.allclose(path(), other)


def test_adams_bashforth_looks_back_on_its_own_path_alone():
    denoiser, sampler = oracle(WELLS, VariancePreserving()), AdamsBashforth(8)
    times, generator = sampler.times(denoiser), torch.Generator()
    first = sampler.path(denoiser, POINTS, times, generator)
    assert torch.equal(first, sampler.path(denoiser, POINTS, times, generator))
    blind = POINTS
    for t, s in itertools.pairwise(times):
        blind = sampler.step(denoiser, blind, t.expand(4), s.expand(4), generator)
    assert not torch.allclose(first, blind)


def test_weights_of_extrapolation_integrate_polynomials_exactly():
    weights = integration_weights((0.2, -0.1, -0.5), 0.2, 0.7)
    for k in range(3):
        found = sum(w * x**k for w, x in zip(weights, [0.2, -0.1, -0.5], strict=True))
        assert found == pytest.approx((0.7 ** (k + 1) - 0.2 ** (k + 1)) / (k + 1), abs=1e-12)
    # Equal strides h: the classical 23/12, -16/12, 5/12.
    assert integration_weights((0.0, -1.0, -2.0), 0.0, 1.0) == pytest.approx(
        [23 / 12, -16 / 12, 5 / 12]
    )


def test_fresh_noise_never_leaves_the_horizon():
    """And is given only where asked for."""
    denoiser = oracle(WELLS, VariancePreserving())
    seen = []
    plain = denoiser.posterior_mean
    denoiser.posterior_mean = lambda x_t, t: (seen.append(float(t[0])), plain(x_t, t))[1]
    EDM(6, churn=100.0, churn_max=1.0).sample(denoiser, 3, 2, torch.Generator().manual_seed(1))
    grid = EDM(6).times(denoiser)[:-1].tolist()
    extra = [t for t in seen if min(abs(t - g) for g in grid) > 1e-5]
    assert max(seen) <= 1 + 1e-6
    assert extra
    noise = [
        float(denoiser.process.sigma(t) / denoiser.process.alpha(t))
        for t in map(torch.tensor, extra)
    ]
    assert max(noise) <= 2**0.5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Heun(prior="normal"), "sampler.prior='normal'.*matched or standard"),
        (lambda: PredictorCorrector(predictor="heun"), "predictor='heun'.*ancestral or ddim"),
        (lambda: PredictorCorrector(corrections=0), "corrections=0.*choose the predictor"),
        (lambda: PredictorCorrector(signal_to_noise=0), "signal_to_noise=0"),
        (lambda: AnnealedLangevin(repeats=0), "repeats=0"),
        (lambda: AnnealedLangevin(stride=2.0), "stride=2.0.*beyond the mean"),
        (lambda: Adaptive(tolerance=0), "tolerance=0"),
        (lambda: EDM(churn=-1), "churn=-1"),
        (lambda: EDM(churn_min=2, churn_max=1), "churn_min=2, churn_max=1"),
    ],
)
def test_bad_options_are_refused(make, message):
    with pytest.raises(UserError, match=message):
        make()


def test_a_missing_solver_is_told_before_any_work(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchdiffeq", None)
    with pytest.raises(UserError, match="no torchdiffeq.*pip install 'truescore"):
        Adaptive()


def test_the_loop_visits_every_time_of_a_path():
    denoiser, times = oracle(WELLS, VariancePreserving()), torch.tensor([1.0, 0.4, 0.1]).double()
    x, sampler = POINTS, Heun()
    for t, s in itertools.pairwise(times):
        x = sampler.step(denoiser, x, t.expand(4), s.expand(4), torch.Generator())
    assert torch.equal(sampler.path(denoiser, POINTS, times, torch.Generator()), x)
