"""Four wells against Gauss-Legendre quadrature, which shares nothing with the law's own sums."""

import math

import pytest
import torch

from truescore.errors import UserError
from truescore.targets import FourWell
from truescore.targets.quadrature import panels

LAW = FourWell()


def line(low=-2.0, high=2.0, n_panels=40):
    edges = torch.linspace(low, high, n_panels + 1, dtype=torch.float64)
    return panels(edges.tolist(), 30)


def energy(x):
    bumps = 0.8 * (-80 * x**2).exp() + 0.55 * (-80 * (x - 0.5) ** 2).exp()
    return 2 * (x**8 + bumps + 0.3 * (-80 * (x + 0.5) ** 2).exp())


def reference(law, x_t, alpha, sigma):
    """Log evidence and posterior mean of one point.

    Blunt noise is integrated over the law's support. Sharp noise over u = (x_0 - x_t/alpha)/w, so
    that no digits are lost.
    """
    width = sigma / alpha
    if width > 0.05:
        x_0, log_weights = line()
        u = (x_0 - x_t / alpha) / width
        log_weights = log_weights - math.log(width)
    else:
        u, log_weights = line(-60, 60, 120)
        x_0 = x_t / alpha + width * u
    log_joint = -energy(x_0) / law.temperature - u**2 / 2 + log_weights
    nodes, weights = line()
    log_z = (weights - energy(nodes) / law.temperature).logsumexp(0)
    evidence = log_joint.logsumexp(0) - log_z - math.log(alpha * math.sqrt(2 * math.pi))
    return float(evidence), float(x_t / alpha + width * (log_joint.softmax(0) @ u))


@pytest.mark.parametrize("temperature", [0.1, 0.5, 3.0])
def test_density_and_moments_are_integrals(temperature):
    law = FourWell(temperature=temperature)
    x, log_weights = line(-2.5, 2.5)
    weight = (log_weights - energy(x) / temperature).exp()
    assert law.log_normalizer == pytest.approx(math.log(weight.sum()), abs=1e-12)
    p = weight / weight.sum()
    expected = -energy(x) / temperature - weight.sum().log()
    torch.testing.assert_close(law.log_prob(x[:, None]), expected, atol=1e-12, rtol=1e-12)
    mean = p @ x
    assert float(law.mean()) == pytest.approx(float(mean), abs=1e-12)
    assert float(law.covariance()) == pytest.approx(float(p @ (x - mean) ** 2), abs=1e-12)
    assert float(law.squared_deviations()) == pytest.approx(float(p @ (x - mean) ** 4), abs=1e-12)


def test_observables_are_integrals():
    exact = {o.name: o for o in LAW.observables()}
    x, log_weights = line()
    p = (log_weights + LAW.log_prob(x[:, None])).exp()
    assert float(exact["energy_per_site"].exact) == pytest.approx(float(p @ energy(x)), abs=1e-12)
    # The panels have edges at the barriers.
    inside = [(x < -0.5), (x > -0.5) & (x < 0), (x > 0) & (x < 0.5), (x > 0.5)]
    expected = torch.stack([p[well].sum() for well in inside])
    torch.testing.assert_close(exact["well_occupation"].exact, expected, atol=1e-10, rtol=0)


def test_observables_average_what_they_say():
    average = {o.name: o.average for o in LAW.observables()}
    x = torch.tensor([[[-0.7], [-0.2], [-0.1], [0.3]], [[0.9], [0.6], [0.7], [-0.6]]])
    wells = torch.tensor([[0.25, 0.5, 0.25, 0.0], [0.25, 0.0, 0.0, 0.75]]).double()
    assert torch.equal(average["well_occupation"](x), wells)
    energies = energy(x.double()).mean(1)
    torch.testing.assert_close(average["energy_per_site"](x), energies, atol=1e-12, rtol=0)


def test_variances_of_the_observables_are_those_of_samples(assert_mean):
    x = LAW.sample(40_000, torch.Generator().manual_seed(1))
    for observable in LAW.observables():
        if observable.norm == "l2":
            features = observable.average(x[:, None])
            square = ((features - observable.exact) ** 2).sum(-1)
            assert_mean(square, observable.variance)


@pytest.mark.parametrize("alpha", [1.0, 0.6, 0.01])
@pytest.mark.parametrize("sigma", [1e-7, 1e-3, 0.03, 0.1, 0.3, 1.0, 30.0])
def test_posterior_is_its_integral(alpha, sigma):
    clean = torch.tensor([-1.6, -0.7, -0.5, 0.0, 0.02, 0.5, 0.9, 1.4]).double()
    noise = torch.tensor([0.5, -1.0, 0.0, 0.0, 1.0, 2.0, -3.0, 0.3]).double()
    x_t = alpha * clean + sigma * noise
    one = torch.ones(len(x_t), dtype=torch.float64)
    evidence, mean = LAW.gaussian_posterior(x_t[:, None], alpha * one, sigma * one)
    for b, point in enumerate(x_t.tolist()):
        expected = reference(LAW, point, alpha, sigma)
        assert float(evidence[b]) == pytest.approx(expected[0], abs=1e-10, rel=1e-12)
        assert float(mean[b]) == pytest.approx(expected[1], abs=1e-11)


@pytest.mark.parametrize("temperature", [0.05, 5.0])
def test_posterior_is_its_integral_at_other_temperatures(temperature):
    law = FourWell(temperature=temperature)
    for sigma in (0.01, 0.2, 2.0):
        one = torch.ones(1, dtype=torch.float64)
        evidence, mean = law.gaussian_posterior(0.1 * one[:, None], one, sigma * one)
        expected = reference(law, 0.1, 1.0, sigma)
        assert float(evidence) == pytest.approx(expected[0], abs=1e-10)
        assert float(mean) == pytest.approx(expected[1], abs=1e-11)


def test_pure_noise_leaves_the_prior():
    """At sigma = 1e9 and at alpha = 0 nothing is learned from x_t."""
    x_t = torch.tensor([[0.3], [-2.0]], dtype=torch.float64)
    alpha, sigma = torch.tensor([1.0, 0.0]), torch.tensor([1e9, 1.0])
    evidence, mean = LAW.gaussian_posterior(x_t, alpha, sigma)
    torch.testing.assert_close(mean[:, 0], LAW.mean().expand(2), atol=1e-8, rtol=0)
    z = x_t[:, 0] / sigma
    expected = -(z**2) / 2 - (sigma.double() * math.sqrt(2 * math.pi)).log()
    torch.testing.assert_close(evidence, expected, atol=1e-12, rtol=0)


def test_points_far_outside_are_drawn_to_the_wall():
    """x_t = 40 at sigma = 1/2: the pull (x_t - x_0)/sigma^2 stands against the wall's 32 x_0^7."""
    one = torch.ones(1, dtype=torch.float64)
    _, mean = LAW.gaussian_posterior(40 * one[:, None], one, one / 2)
    low = high = None
    for low in torch.linspace(1, 2, 10_001, dtype=torch.float64):
        high = low + 1e-4
        if 32 * high**7 > 4 * (40 - high):
            break
    assert float(low) - 0.01 < float(mean) < float(high)


def test_blocks_do_not_change_the_answer(monkeypatch):
    x_t = LAW.sample(50, torch.Generator().manual_seed(2)).double()
    alpha, sigma = torch.full((50,), 0.8), torch.linspace(0.01, 2, 50)
    whole = LAW.gaussian_posterior(x_t, alpha, sigma)
    monkeypatch.setattr("truescore.targets.four_well.BLOCK", 7)
    parts = LAW.gaussian_posterior(x_t, alpha, sigma)
    for a, b in zip(whole, parts, strict=True):
        torch.testing.assert_close(a, b, atol=1e-14, rtol=0)


def test_samples_carry_no_grid(assert_uniform):
    x = LAW.sample(20_000, torch.Generator().manual_seed(3)).double()[:, 0]
    # A coarser cell than the table's, for float32 has few digits within one of those.
    assert_uniform((x - LAW.grid[0]) / (LAW.grid[1] - LAW.grid[0]) % 1)
    assert len(x.unique()) > 0.99 * len(x)


def test_impossible_requests_are_refused():
    with pytest.raises(UserError, match="temperature=0"):
        FourWell(temperature=0)
    with pytest.raises(UserError, match="got dim=2, expected 1"):
        FourWell(dim=2)
    with pytest.raises(UserError, match="got site=1"):
        LAW.marginal(1, torch.zeros(1))
    with pytest.raises(UserError, match=r"expected \(n, 1\)"):
        LAW.log_prob(torch.zeros(1, 2))
