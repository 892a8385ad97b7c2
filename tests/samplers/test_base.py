"""What every sampler promises, whatever its steps."""

import pytest
import torch

from truescore.denoisers import oracle
from truescore.errors import UserError
from truescore.processes import SpinFlip, VariancePreserving
from truescore.samplers import (
    DDIM,
    EDM,
    AdamsBashforth,
    Adaptive,
    AnalyticBridge,
    Ancestral,
    AnnealedLangevin,
    DPMSolver2M,
    DPMSolver2MSDE,
    EulerMaruyama,
    GaussianBridge,
    Heun,
    JumpEuler,
    PredictorCorrector,
    ReverseDiffusion,
)
from truescore.targets import GaussianMixture, IsingRing

DIM = 3
SPINS = oracle(IsingRing(DIM), SpinFlip(DIM))
WELLS = torch.tensor([[1.0] * DIM, [-1.0] * DIM])
REALS = oracle(
    GaussianMixture(torch.ones(2), WELLS, torch.eye(DIM).expand(2, DIM, DIM)), VariancePreserving()
)
CASES = [
    (JumpEuler(6), SPINS),
    (AnalyticBridge(6), SPINS),
    (AdamsBashforth(6), REALS),
    (Adaptive(6), REALS),
    (Ancestral(6), REALS),
    (AnnealedLangevin(6), REALS),
    (DDIM(6), REALS),
    (DPMSolver2M(6), REALS),
    (DPMSolver2MSDE(6), REALS),
    (EDM(6), REALS),
    (EulerMaruyama(6), REALS),
    (GaussianBridge(6), REALS),
    (Heun(6), REALS),
    (PredictorCorrector(6), REALS),
    (ReverseDiffusion(6), REALS),
]
each_sampler = pytest.mark.parametrize(
    ("sampler", "denoiser"), CASES, ids=[type(sampler).__name__ for sampler, _ in CASES]
)


def draw(sampler, denoiser, n=100, seed=1, **options):
    return sampler.sample(denoiser, n, DIM, torch.Generator().manual_seed(seed), **options)


@each_sampler
def test_same_seed_gives_the_same_bits(sampler, denoiser):
    first = draw(sampler, denoiser)
    assert first.shape == (100, DIM)
    assert first.dtype == torch.float32
    assert torch.equal(first, draw(sampler, denoiser))
    assert not torch.equal(first, draw(sampler, denoiser, seed=2))


@each_sampler
def test_global_generator_is_left_alone(sampler, denoiser):
    before = torch.get_rng_state()
    draw(sampler, denoiser)
    assert torch.equal(before, torch.get_rng_state())


@each_sampler
def test_draws_are_of_one_law_whatever_the_chunk_size(sampler, denoiser):
    """Chunks that hold all points draw the same bits; smaller ones other points of the law."""
    whole = draw(sampler, denoiser, n=100, chunk_size=100)
    assert torch.equal(draw(sampler, denoiser, n=100, chunk_size=1000), whole)
    chunked = draw(sampler, denoiser, n=100, chunk_size=7)
    assert not torch.equal(chunked, whole)
    for chunk in chunked.split(7):
        assert chunk.abs().max() <= 6 * whole.abs().max()


@each_sampler
def test_progress_is_reported_for_every_point(sampler, denoiser):
    done = []
    assert len(draw(sampler, denoiser, n=23, chunk_size=10, on_chunk=done.append)) == 23
    assert sum(done) == 23
    assert max(done) <= 10


@pytest.mark.parametrize("n", [1, 10, 11])
def test_any_number_of_points_can_be_drawn(n):
    assert len(draw(AnalyticBridge(3), SPINS, n=n, chunk_size=10)) == n


@each_sampler
def test_denoisers_of_the_other_kind_are_refused(sampler, denoiser):
    other = REALS if denoiser is SPINS else SPINS
    with pytest.raises(UserError, match=f"{type(sampler).__name__}.*choose another sampler"):
        draw(sampler, other)


@each_sampler
def test_times_fall_from_the_horizon_to_zero(sampler, denoiser):
    """Each step starts where the last one ended."""
    kind = type(sampler)
    seen = []

    class Watched(kind):
        def step(self, denoiser, x_t, t, s, generator, **memory):
            assert t.shape == s.shape == (len(x_t),)
            seen.append((float(t[0]), float(s[0])))
            return super().step(denoiser, x_t, t, s, generator, **memory)

    draw(Watched(6, "geometric"), denoiser, n=5)
    assert len(seen) == 6
    assert seen[0][0] == pytest.approx(denoiser.process.horizon, rel=1e-6)
    assert seen[-1] == (pytest.approx(denoiser.process.t_min, rel=1e-6), 0.0)
    assert all(before[1] == after[0] for before, after in zip(seen, seen[1:], strict=False))


def test_too_few_steps_are_refused():
    with pytest.raises(UserError, match="sampler.steps=1"):
        draw(AnalyticBridge(1), SPINS)
