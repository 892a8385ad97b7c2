"""What all integrators share: noise, counts, and what is refused."""

import pytest
import torch

from truescore.errors import UserError
from truescore.simulate import (
    MALA,
    Box,
    EulerMaruyama,
    GlobalFlip,
    LeimkuhlerMatthews,
    ParallelTempering,
    Strang,
    TamedEuler,
)
from truescore.targets import GinzburgLandauChain, IsingRing

CHAIN = GinzburgLandauChain(4, lam=0.3, temperature=0.5)
KINDS = [EulerMaruyama, LeimkuhlerMatthews, TamedEuler, Strang, MALA]


class Quadratic:
    """V = (a x^2 + y^2)/2 of two sites, with no temperature of its own."""

    dim, state_space = 2, "real"

    def __init__(self, curvature=4.0):
        self.curvatures = torch.tensor([curvature, 1.0], dtype=torch.float64)

    def score(self, x):
        return -self.curvatures * x

    def log_prob(self, x):
        return -(self.curvatures * x**2).sum(-1) / 2

    def covariance(self):
        return (1 / self.curvatures).diag()


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_twice_the_temperature_per_time_and_drift_the_force(kind, assert_mean):
    """(E[x'] - x)/dt = -grad V, Cov[x']/dt = 2T, up to O(dt); chains and sites independent."""
    generator, dt = torch.Generator().manual_seed(1), 1e-6
    x = torch.tensor([0.7, -0.2, 1.1, -0.9], dtype=torch.float64)
    moved = kind(CHAIN, dt).step(x.expand(40_000, 4), generator)
    kick = (moved - x) / (2 * CHAIN.temperature * dt) ** 0.5
    force = CHAIN.temperature * CHAIN.score(x[None])[0]
    assert_mean(kick, force * (dt / 2 / CHAIN.temperature) ** 0.5, slack=2e-3)
    assert_mean(kick[:, :, None] * kick[:, None, :], torch.eye(4), slack=5e-3)
    assert_mean(kick[:-1] * kick[1:], 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_exact_samples_stay_close_to_the_law(kind, assert_mean):
    """At the end of the thread: start, run, output at a step of little bias."""
    generator = torch.Generator().manual_seed(2)
    integrator = kind(CHAIN, 0.004)
    x = integrator.run(integrator.start(CHAIN.sample(4000, generator)), 100, generator)
    seen = integrator.output(x, generator)
    assert seen.shape == (4000, 4)
    assert seen.dtype == torch.float64
    assert_mean(seen, CHAIN.mean())
    assert_mean(seen[:, :, None] * seen[:, None, :], CHAIN.covariance(), slack=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_heated_is_the_same_law_at_another_temperature(kind):
    hot = GinzburgLandauChain(4, lam=0.3, temperature=1.5)
    x = CHAIN.sample(20, torch.Generator().manual_seed(3)).double()
    moved, expected = (
        integrator.step(x, torch.Generator().manual_seed(4))
        for integrator in (kind(CHAIN, 0.01).heated(1.5), kind(hot, 0.01))
    )
    torch.testing.assert_close(moved, expected)


def test_heated_wrappers_heat_what_they_stand_around():
    hot = GinzburgLandauChain(4, lam=0.3, temperature=1.5)
    x = CHAIN.sample(20, torch.Generator().manual_seed(3)).double().clamp(-1, 1)
    moved, expected = (
        integrator.step(x, torch.Generator().manual_seed(4))
        for integrator in (
            GlobalFlip(Box(Strang(CHAIN, 0.01), 1.0, "reflecting")).heated(1.5),
            GlobalFlip(Box(Strang(hot, 0.01), 1.0, "reflecting")),
        )
    )
    torch.testing.assert_close(moved, expected)


def test_leimkuhler_matthews_averages_the_noise_of_two_steps(monkeypatch):
    law, dt = Quadratic(), 0.1
    z = torch.randn(6, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    integrator, draws = LeimkuhlerMatthews(law, dt), iter(z)
    monkeypatch.setattr(LeimkuhlerMatthews, "noise", lambda *_: next(draws))
    scale, carried = (2 * dt) ** 0.5, torch.ones(3, 2, dtype=torch.float64)
    x = carried + scale / 2 * z[0]
    for k in range(5):
        carried = integrator.step(carried, torch.Generator())
        x = x + dt * law.score(x) + scale * (z[k] + z[k + 1]) / 2
    torch.testing.assert_close(integrator.output(carried, torch.Generator()), x)


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_evaluations_are_counted(kind, monkeypatch):
    calls = []
    score = GinzburgLandauChain.score
    monkeypatch.setattr(
        GinzburgLandauChain, "score", lambda self, x: (calls.append(1), score(self, x))[1]
    )
    integrator = kind(CHAIN, 0.01)
    integrator.step(torch.zeros(2, 4, dtype=torch.float64), torch.Generator())
    # The splitting asks for no gradient: its two half steps are counted as one.
    assert len(calls) == (0 if kind is Strang else integrator.gradient_evaluations)
    tempered = ParallelTempering(GlobalFlip(Box(TamedEuler(CHAIN, 0.01), 3.0, "rejecting")), [2.0])
    assert tempered.gradient_evaluations == 2


def test_same_generator_gives_the_same_chains():
    first, again, other = (
        Strang(CHAIN, 0.01).run(torch.zeros(3, 4).double(), 5, torch.Generator().manual_seed(s))
        for s in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("kind", [EulerMaruyama, LeimkuhlerMatthews])
def test_the_largest_stable_step_is_the_gaussians(kind):
    """2 / (largest curvature) = 0.5: just below, no chain grows; at it, one line names it."""
    x = torch.full((1, 2), 1e3, dtype=torch.float64)
    moved = kind(Quadratic(), 0.499).run(x, 2000, torch.Generator().manual_seed(1))
    assert float(moved.abs().max()) < 200
    with pytest.raises(UserError, match=r"got dt=0.5, expected below 0.5, .* lower dt, or choose"):
        kind(Quadratic(), 0.5)


@pytest.mark.parametrize("kind", [TamedEuler, Strang, MALA])
def test_others_survive_any_step(kind):
    x = torch.full((10, 4), 50.0, dtype=torch.float64)
    assert kind(CHAIN, 3.0).run(x, 50, torch.Generator().manual_seed(1)).isfinite().all()


def test_overflow_is_told_in_one_line():
    x = torch.zeros(5, 4, dtype=torch.float64)
    x[1], x[3, 2] = 1e3, 1e3
    message = (
        r"^got 2 of 5 chains that overflowed in step \d+ of EulerMaruyama with dt=0.01: lower dt"
    )
    with pytest.raises(UserError, match=message):
        EulerMaruyama(CHAIN, 0.01).run(x, 99, torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("law", "dt", "message"),
    [
        (IsingRing(4), 0.1, "got a law of spins, expected reals"),
        (CHAIN, 0.0, "got dt=0.0, expected > 0"),
        (CHAIN, float("nan"), "got dt=nan, expected > 0"),
        (CHAIN, float("inf"), "got dt=inf, expected > 0 and finite"),
    ],
)
def test_impossible_requests_are_refused(law, dt, message):
    with pytest.raises(UserError, match=message):
        TamedEuler(law, dt)


def test_laws_without_a_score_are_refused():
    class Scoreless:
        dim, state_space = 2, "real"

    with pytest.raises(UserError, match="got Scoreless, which has no score"):
        TamedEuler(Scoreless(), 0.1)


def test_points_of_another_width_are_refused():
    with pytest.raises(UserError, match=r"expected \(n, 4\)"):
        Strang(CHAIN, 0.1).start(torch.zeros(3, 5))
