"""Samplers of reals on exact oracles: nonlinear flows, last steps, draws, small noise, options."""

from functools import partial

import pytest
import torch

from truescore.denoisers import RealDenoiser, oracle
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
    EulerMaruyama,
    GaussianBridge,
    Heun,
    PredictorCorrector,
    ReverseDiffusion,
    time_grid,
)
from truescore.samplers.gaussian_law import moments, sampler_moments

from .conftest import COVARIANCE, GAUSSIAN, MEAN, POINTS, WELLS

# Few steps, so that each one's law is visibly not the target's.
EVERY = {
    "EulerMaruyama": EulerMaruyama(20),
    "ReverseDiffusion": ReverseDiffusion(20),
    "Ancestral": Ancestral(20),
    "GaussianBridge": GaussianBridge(4),
    "PredictorCorrector": PredictorCorrector(20),
    "AnnealedLangevin": AnnealedLangevin(20),
    "DDIM": DDIM(10),
    "Heun": Heun(4),
    "AdamsBashforth": AdamsBashforth(8),
    "DPMSolver2M": DPMSolver2M(10),
    "DPMSolver2MSDE": DPMSolver2MSDE(20),
    "EDM": EDM(10),
    "Adaptive": Adaptive(),
}
each = pytest.mark.parametrize("name", EVERY)


def kind_of(sampler):
    return type(sampler).__name__


def time_at(process, noise):
    """Where sigma/alpha = noise."""
    return process.time_from_log_snr(-2 * torch.as_tensor(noise, dtype=torch.float64).log())


@pytest.fixture(scope="module")
def exact_flow():
    """Where the flow of the wells takes POINTS, by a solver of order 5."""
    denoiser = oracle(WELLS, VariancePreserving())
    times = time_grid(denoiser.process, 2, "log_snr")[:-1]
    return Adaptive(tolerance=1e-11).path(denoiser, POINTS, times, torch.Generator())


@pytest.mark.parametrize(
    ("kind", "steps", "expected"),
    [
        (DDIM, [100, 200, 400], 1),
        (Heun, [40, 80, 160], 2),
        (DPMSolver2M, [80, 160, 320], 2),
        (AdamsBashforth, [160, 320, 640], 3),
        (partial(EDM, churn=0.0, grid="log_snr"), [80, 160, 320], 2),
    ],
)
def test_samplers_of_the_flow_have_their_order_on_a_nonlinear_one(
    kind, steps, expected, exact_flow, order
):
    denoiser = oracle(WELLS, VariancePreserving())
    errors = []
    for n in steps:
        times = time_grid(denoiser.process, n + 1, "log_snr")[:-1]
        end = kind(n + 1).path(denoiser, POINTS, times, torch.Generator())
        errors.append(float((end - exact_flow).norm()))
    assert order(steps, errors) == pytest.approx(expected, abs=0.4)
    assert errors[-1] < 0.05


def test_tolerance_is_what_the_adaptive_flow_keeps(exact_flow):
    denoiser = oracle(WELLS, VariancePreserving())
    times = time_grid(denoiser.process, 2, "log_snr")[:-1]
    for tolerance in (1e-3, 1e-5, 1e-7):
        end = Adaptive(tolerance=tolerance).path(denoiser, POINTS, times, torch.Generator())
        assert float((end - exact_flow).abs().max()) < 20 * tolerance


def test_ddim_is_eulers_rule_on_the_probability_flow():
    """dy/dr = (y - D)/r = -r score of y, with y = x/alpha and so score of y = alpha score of x."""
    denoiser = oracle(WELLS, VariancePreserving())
    process, t, s = denoiser.process, torch.full((4,), 0.5).double(), torch.full((4,), 0.3).double()
    r_t = (process.sigma(t) / process.alpha(t))[:, None]
    r_s = (process.sigma(s) / process.alpha(s))[:, None]
    alpha_t, alpha_s = process.alpha(t)[:, None], process.alpha(s)[:, None]
    slope = -r_t * alpha_t * denoiser.score(POINTS, t)
    euler = alpha_s * (POINTS / alpha_t + (r_s - r_t) * slope)
    moved = DDIM().step(denoiser, POINTS, t, s, torch.Generator())
    torch.testing.assert_close(moved, euler, atol=1e-12, rtol=0)


def test_ancestral_steps_draw_from_the_posterior_of_the_forward_process(assert_mean):
    """Pairs (x_s, x_t) drawn forward from one x_0; regression of x_s on x_t, and its scatter."""
    process, x_0 = VariancePreserving(), torch.tensor([[0.7]], dtype=torch.float64)

    class Known(RealDenoiser):
        def __init__(self):
            super().__init__()
            self.process = process

        def posterior_mean(self, x_t, t):
            return x_0.expand_as(x_t)

    n, generator = 40_000, torch.Generator().manual_seed(3)
    t, s = torch.full((n,), 0.4).double(), torch.full((n,), 0.2).double()
    x_s = process.perturb(x_0.expand(n, 1), s, generator)
    a = process.alpha(t) / process.alpha(s)
    b = (process.sigma(t) ** 2 - a**2 * process.sigma(s) ** 2).sqrt()
    z = torch.randn(n, 1, dtype=torch.float64, generator=generator)
    x_t = a[:, None] * x_s + b[:, None] * z
    # What the bridge draws from the same x_t must have the same joint moments as x_s.
    drawn = Ancestral().step(Known(), x_t, t, s, generator)
    for power in (drawn - x_s, drawn**2 - x_s**2, drawn * x_t - x_s * x_t):
        assert_mean(power, 0.0)


@pytest.mark.parametrize(
    "name", [n for n in EVERY if n not in ("Adaptive", "GaussianBridge")], ids=str
)
def test_last_step_misses_the_covariance_by_the_fourth_power_of_the_noise(name, order):
    """The posterior mean itself, the usual last step, falls short by r^2 in every direction."""
    process = VariancePreserving(t_min=1e-6)
    denoiser = oracle(GAUSSIAN, process)
    noises, errors = [0.02, 0.04, 0.08], []
    for noise in noises:
        t = time_at(process, noise)
        alpha, sigma = process.alpha(t), process.sigma(t)
        root = torch.linalg.cholesky(alpha**2 * COVARIANCE + sigma**2 * torch.eye(2).double())

        def draw(n, alpha=alpha, root=root, t=t):
            x, times = alpha * MEAN + torch.randn(n, 2) @ root.mT, torch.stack([t, 0 * t])
            return EVERY[name].path(denoiser, x, times, torch.Generator())

        mean, covariance = moments(draw)
        torch.testing.assert_close(mean, MEAN, atol=noise**3, rtol=0)
        errors.append(float((covariance - COVARIANCE).norm()))
    assert errors[-1] < 0.25 * noises[-1] ** 2
    assert -order(noises, errors) == pytest.approx(4, abs=0.4)


@pytest.mark.parametrize("name", [n for n in EVERY if n != "Adaptive"])
def test_samples_have_the_propagated_moments(name, assert_mean):
    """What is drawn is what was computed, prior and last step and all."""
    denoiser, sampler = oracle(GAUSSIAN, VariancePreserving()), EVERY[name]
    mean, covariance = sampler_moments(sampler, denoiser)
    if name not in ("Heun", "GaussianBridge"):
        assert float((covariance - COVARIANCE).norm()) > 0.01
    x = sampler.sample(denoiser, 10_000, 2, torch.Generator().manual_seed(2), 10_000).double()
    assert_mean(x, mean, slack=1e-5)
    deviation = x - mean
    assert_mean(deviation[:, :, None] * deviation[:, None, :], covariance, slack=1e-5)


@pytest.mark.parametrize(
    "sampler", [Adaptive(), Heun(24), GaussianBridge(64), DPMSolver2M(48), EDM(96)], ids=kind_of
)
def test_samples_of_a_law_of_two_wells_have_its_moments(sampler, assert_mean):
    denoiser, generator = oracle(WELLS, VariancePreserving()), torch.Generator().manual_seed(4)
    x = sampler.sample(denoiser, 4000, 2, generator, 4000).double()
    assert_mean(x, WELLS.mean())
    assert_mean(x[:, :, None] * x[:, None, :], WELLS.covariance(), slack=0.02)


@each
def test_steps_stay_finite_as_the_noise_vanishes(name):
    """In float32, from sigma = 1e-3 to 1e-4 to 0, points on the law move by a few sigma."""
    process = VariancePreserving(t_min=1e-7)
    denoiser, x = oracle(WELLS, process), WELLS.sample(200, torch.Generator().manual_seed(5))
    levels = time_at(process, [1e-3, 3e-4, 1e-4]).float()
    times, generator = torch.cat([levels, torch.zeros(1)]), torch.Generator().manual_seed(6)
    x = x + 1e-3 * torch.randn(x.shape, generator=generator)
    moved = EVERY[name].path(denoiser, x, times, generator)
    assert moved.dtype == torch.float32
    # A corrector's steps do not shrink with the noise; every other's do.
    reach = 1.0 if name == "PredictorCorrector" else 0.03
    assert float((moved - x).abs().max()) < reach
    still = EVERY[name].path(denoiser, x, times[-2:], generator)
    assert 0 < float((still - x).abs().max()) < 1e-2


@each
def test_the_prior_is_the_samplers_to_choose(name, assert_mean):
    process = VariancePreserving(beta_max=2.0)
    denoiser, horizon = oracle(GAUSSIAN, process), torch.ones(1).double()
    sampler = EVERY[name]
    matched = sampler.start(denoiser, 10_000, 2, torch.Generator().manual_seed(7))
    assert_mean(matched, process.alpha(horizon) * MEAN)
    second = process.alpha(horizon) ** 2 * (COVARIANCE + MEAN.outer(MEAN))
    second = second + process.sigma(horizon) ** 2 * torch.eye(2)
    assert_mean(matched[:, :, None] * matched[:, None, :], second)
    plain = type(sampler)(4, "log_snr", prior="standard")
    drawn = plain.start(denoiser, 10_000, 2, torch.Generator().manual_seed(8))
    assert_mean(drawn[:, :, None] * drawn[:, None, :], process.sigma(horizon) ** 2 * torch.eye(2))
    assert float((second - process.sigma(horizon) ** 2 * torch.eye(2)).norm()) > 0.3


@each
def test_evaluations_are_counted(name):
    class Counting(RealDenoiser):
        def __init__(self):
            super().__init__()
            self.process = VariancePreserving()
            self.spectrum, self.basis, self.mean = torch.ones(2), torch.eye(2), torch.zeros(2)
            self.calls = 0

        def posterior_mean(self, x_t, t):
            self.calls += 1
            return 0 * x_t

    denoiser, sampler = Counting(), type(EVERY[name])(9)
    sampler.sample(denoiser, 3, 2, torch.Generator().manual_seed(3))
    if name == "Adaptive":
        assert sampler.evaluations is None
    else:
        assert denoiser.calls == sampler.evaluations


def test_a_path_of_heun_looks_up_each_time_once_and_moves_as_its_steps_alone():
    looked_up = []

    class Watched(VariancePreserving):
        def alpha(self, t):
            looked_up.append(float(t[0]))
            return super().alpha(t)

    exact = oracle(GAUSSIAN, Watched())
    sampler, generator = Heun(4), torch.Generator()
    times = sampler.times(exact)
    x = moved = torch.randn(5, len(MEAN), dtype=torch.float64)
    looked_up.clear()
    for t, s in zip(times[:-1], times[1:], strict=True):
        moved = sampler.step(exact, moved, t.expand(5), s.expand(5), generator)
    alone = len(looked_up)
    looked_up.clear()
    assert torch.equal(sampler.path(exact, x, times, generator), moved)
    assert len(looked_up) == alone - 2  # the second and third step begin where one has ended
