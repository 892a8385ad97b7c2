"""The chain against enumeration (spins) and against dense grids in three dimensions (reals)."""

import itertools
import math

import pytest
import torch

from truescore.errors import UserError
from truescore.targets import GinzburgLandauChain, IsingRing, NearestNeighbourChain
from truescore.targets.quadrature import gauss_legendre, panels

BOUNDARIES = ["open", "periodic", "fixed"]


def spin_chain(boundary, dim=6):
    generator = torch.Generator().manual_seed(1)
    field = torch.randn(dim, dtype=torch.float64, generator=generator)
    coupling = torch.randn(dim + 1, dtype=torch.float64, generator=generator)
    return NearestNeighbourChain(
        dim,
        lambda x, i: -field[i] * x,
        lambda x, y, i: -coupling[i] * x * y,
        boundary,
        temperature=1.3,
        boundary_value=1.0,
    )


def all_spins(dim):
    return torch.tensor(list(itertools.product([-1.0, 1.0], repeat=dim)), dtype=torch.float64)


def real_chain(boundary):
    """Three sites with site-dependent, asymmetric potentials."""
    tilt = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64)
    bond = torch.tensor([1.0, 0.7, 1.4, 0.5], dtype=torch.float64)
    return NearestNeighbourChain(
        3,
        lambda x, i: (1 - x**2) ** 2 + tilt[i] * x,
        lambda x, y, i: bond[i] / 2 * (x - y) ** 2 + 0.1 * x**3 * y,
        boundary,
        temperature=0.8,
        interval=(-3.2, 3.2),
        boundary_value=0.4,
    )


def dense_law(chain, n=96):
    """Points, and exp(-V/T) times quadrature weight, on a grid independent of the chain's own."""
    nodes, log_weights = panels([-3.2, -1.1, 0.0, 1.1, 3.2], n // 4)
    points = torch.cartesian_prod(nodes, nodes, nodes)
    weight = torch.cartesian_prod(log_weights, log_weights, log_weights).sum(1).exp()
    return points, weight * (-chain.energy(points) / chain.temperature).exp()


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_spin_chain_is_its_enumeration(boundary):
    chain = spin_chain(boundary)
    x = all_spins(chain.dim)
    weight = (-chain.energy(x) / chain.temperature).exp()
    p = weight / weight.sum()
    mean = p @ x
    deviation = x - mean
    assert chain.log_normalizer == pytest.approx(math.log(weight.sum()), abs=1e-12)
    torch.testing.assert_close(chain.log_prob(x), p.log(), atol=1e-12, rtol=0)
    torch.testing.assert_close(chain.mean(), mean, atol=1e-12, rtol=0)
    covariance = torch.einsum("n,ni,nj->ij", p, deviation, deviation)
    torch.testing.assert_close(chain.covariance(), covariance, atol=1e-12, rtol=0)
    fourth = torch.einsum("n,ni,nj->ij", p, deviation**2, deviation**2)
    torch.testing.assert_close(chain.squared_deviations(), fourth, atol=1e-12, rtol=0)
    up = torch.stack([p[x[:, i] > 0].sum() for i in range(chain.dim)])
    marginal = torch.stack([chain.marginal(i, torch.ones(1))[0] for i in range(chain.dim)])
    torch.testing.assert_close(marginal, up, atol=1e-12, rtol=0)
    for i in range(chain.dim):
        flipped = x.clone()
        flipped[:, i] *= -1
        expected = x[:, i] * (chain.log_prob(x) - chain.log_prob(flipped))
        torch.testing.assert_close(chain.site_log_odds(x)[:, i], expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_posterior_of_spins_is_its_enumeration(boundary):
    chain = spin_chain(boundary)
    x = all_spins(chain.dim)
    p = chain.log_prob(x).exp()
    generator = torch.Generator().manual_seed(2)
    evidence = torch.randn(3, chain.dim, dtype=torch.float64, generator=generator)
    log_likelihood = torch.stack([-evidence, evidence], -1) / 2
    log_evidence, log_probs = chain.site_posterior(log_likelihood)
    log_odds = log_probs[..., 1] - log_probs[..., 0]
    for b in range(3):
        weight = p * (evidence[b] * x / 2).sum(1).exp()
        assert float(log_evidence[b]) == pytest.approx(math.log(weight.sum()), abs=1e-12)
        for i in range(chain.dim):
            without = weight * (-evidence[b, i] * x[:, i] / 2).exp()
            odds = without[x[:, i] > 0].sum() / without[x[:, i] < 0].sum()
            assert float(log_odds[b, i]) == pytest.approx(math.log(odds), abs=1e-11)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_real_chain_is_its_integral(boundary):
    chain = real_chain(boundary)
    x, weight = dense_law(chain)
    p = weight / weight.sum()
    mean = p @ x
    deviation = x - mean
    assert chain.log_normalizer == pytest.approx(math.log(weight.sum()), abs=1e-11)
    torch.testing.assert_close(chain.mean(), mean, atol=1e-11, rtol=0)
    covariance = torch.einsum("n,ni,nj->ij", p, deviation, deviation)
    torch.testing.assert_close(chain.covariance(), covariance, atol=1e-11, rtol=0)
    fourth = torch.einsum("n,ni,nj->ij", p, deviation**2, deviation**2)
    torch.testing.assert_close(chain.squared_deviations(), fourth, atol=1e-11, rtol=0)
    energy = next(o for o in chain.observables() if o.name == "energy_per_site")
    assert float(energy.exact) == pytest.approx(float(p @ chain.energy(x)) / 3, abs=1e-11)
    kinks = next(o for o in chain.observables() if o.name == "kink_density")
    up = x > 0
    crossed = [up[:, 0] != up[:, 1], up[:, 1] != up[:, 2]]
    crossed += [up[:, 2] != up[:, 0]] * (boundary == "periodic")
    expected = p @ torch.stack(crossed).double().mean(0)
    assert float(kinks.exact) == pytest.approx(float(expected), abs=1e-11)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_real_marginals_are_densities(boundary):
    chain = real_chain(boundary)
    nodes, log_weights = panels([-3.2, 0.0, 3.2], 60)
    x, weight = dense_law(chain)
    p = weight / weight.sum()
    for site in range(3):
        density = chain.marginal(site, nodes) * log_weights.exp()
        assert float(density.sum()) == pytest.approx(1, abs=1e-12)
        assert float(density @ nodes**3) == pytest.approx(float(p @ x[:, site] ** 3), abs=1e-10)
    at_zero = chain.marginal_cdf(torch.zeros(1, 3))[0][0]
    expected = torch.stack([p[x[:, site] < 0].sum() for site in range(3)])
    torch.testing.assert_close(at_zero, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_joint_density_of_neighbours_is_its_integral(boundary):
    chain = real_chain(boundary)
    nodes, log_weights = panels([-3.2, 0.0, 3.2], 60)
    weight = log_weights.exp()
    x, dense = dense_law(chain)
    p = dense / dense.sum()
    for site in (1,) if boundary == "periodic" else (0, 1):
        joint = chain.pair_marginal(site, nodes, nodes[::2])
        torch.testing.assert_close(
            weight @ joint, chain.marginal(site + 1, nodes[::2]), atol=1e-11, rtol=0
        )
        joint = chain.pair_marginal(site, nodes, nodes) * weight[:, None] * weight
        assert float(joint.sum()) == pytest.approx(1, abs=1e-11)
        moment = nodes**3 @ joint @ nodes
        expected = p @ (x[:, site] ** 3 * x[:, site + 1])
        assert float(moment) == pytest.approx(float(expected), abs=1e-10)


@pytest.mark.parametrize("site", [-1, 2, 0])
def test_a_pair_needs_two_sites(site):
    boundary = "periodic" if site == 0 else "open"
    with pytest.raises(UserError, match=f"got site={site}"):
        real_chain(boundary).pair_marginal(site, torch.zeros(1), torch.zeros(1))


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("sigma", [0.003, 0.05, 0.3, 2.0, 30.0])
def test_gaussian_posterior_is_its_integral(boundary, sigma):
    chain = real_chain(boundary)
    alpha = 0.9
    generator = torch.Generator().manual_seed(3)
    x_t = alpha * chain.sample(2, generator).double()
    x_t += sigma * torch.randn(2, 3, dtype=torch.float64, generator=generator)
    scale = torch.ones(2, dtype=torch.float64)
    log_evidence, mean = chain.gaussian_posterior(x_t, alpha * scale, sigma * scale)
    for b in range(2):
        # One rule over each window: 64 nodes over 18 or fewer widths of the likelihood.
        centre, reach = x_t[b] / alpha, 9 * sigma / alpha
        ends = (centre - reach).clamp(min=-3.2), (centre + reach).clamp(max=3.2)
        axes, log_weights = gauss_legendre(*ends, 64)
        points = torch.cartesian_prod(*axes)
        log_weight = torch.cartesian_prod(*log_weights).sum(1)
        residual = (x_t[b] - alpha * points) / sigma
        log_joint = chain.log_prob(points) + log_weight - (residual**2).sum(1) / 2
        log_joint -= 3 * math.log(sigma * math.sqrt(2 * math.pi))
        assert float(log_evidence[b]) == pytest.approx(float(log_joint.logsumexp(0)), abs=1e-10)
        expected = log_joint.softmax(0) @ points
        torch.testing.assert_close(mean[b], expected, atol=1e-10, rtol=0)


def test_score_is_the_gradient_and_tweedie_holds():
    chain = GinzburgLandauChain(5)
    generator = torch.Generator().manual_seed(4)
    x = chain.sample(3, generator).double()
    alpha, sigma = (torch.full((3,), v, dtype=torch.float64) for v in (0.8, 0.4))
    x_t = 0.8 * x + 0.4 * torch.randn(3, 5, dtype=torch.float64, generator=generator)
    _, mean = chain.gaussian_posterior(x_t, alpha, sigma)
    noisy_score = (0.8 * mean - x_t) / 0.4**2
    for i in range(5):
        slope = derivative(chain.log_prob, x, i)
        torch.testing.assert_close(chain.score(x)[:, i], slope, atol=1e-9, rtol=1e-9)
        slope = derivative(lambda y: chain.gaussian_posterior(y, alpha, sigma)[0], x_t, i)
        torch.testing.assert_close(noisy_score[:, i], slope, atol=1e-8, rtol=1e-8)


def derivative(f, x, i, step=2e-3):
    """Fourth-order central difference of f along coordinate i, Richardson-extrapolated once."""
    shift = torch.zeros_like(x)
    shift[:, i] = step

    def central(k):
        return (f(x + k * shift) - f(x - k * shift)) / (2 * k * step)

    return 1.5 * central(1) - 0.6 * central(2) + 0.1 * central(3)


@pytest.mark.parametrize("dim", [8, 64, 128])
def test_ising_ring_correlations_are_closed_form(dim):
    ring = IsingRing(dim, coupling=1.0, temperature=1.2)
    k = math.tanh(1 / 1.2)
    r = torch.arange(dim, dtype=torch.float64)
    expected = (k**r + k ** (dim - r)) / (1 + k**dim)
    torch.testing.assert_close(ring.covariance()[0], expected, atol=1e-12, rtol=0)
    log_z = dim * math.log(2 * math.cosh(1 / 1.2)) + math.log1p(k**dim)
    assert ring.log_normalizer == pytest.approx(log_z, abs=1e-10)


@pytest.mark.parametrize("dim", [8, 64, 128])
def test_ginzburg_landau_at_different_resolutions_agrees(dim):
    """At sigma -> infinity the noisy posterior, on a grid of its own, is the prior."""
    chain = GinzburgLandauChain(dim)
    scale = torch.full((1,), 1e9, dtype=torch.float64)
    _, mean = chain.gaussian_posterior(torch.zeros(1, dim), torch.ones(1), scale)
    torch.testing.assert_close(mean[0], torch.zeros(dim).double(), atol=1e-9, rtol=0)
    torch.testing.assert_close(chain.mean(), torch.zeros(dim).double(), atol=1e-11, rtol=0)
    covariance = chain.covariance()
    torch.testing.assert_close(covariance, covariance.flip(0, 1), atol=1e-10, rtol=0)
    # Virial theorem of the whole-space law: E[x . grad V] = d T.
    wall = chain.lam * (dim + 1) ** 2
    second = covariance.diagonal()
    bond = wall * (2 * second.sum() - 2 * covariance.diagonal(1).sum())
    fourth = chain.pair_expectation(*[(chain.nodes**2).expand(dim, -1)] * 2).diagonal()
    virial = bond + ((fourth - second) / chain.lam).sum()
    assert float(virial) == pytest.approx(dim * chain.temperature, rel=1e-9)


def test_box_changes_little_and_only_when_narrow():
    free, wide = GinzburgLandauChain(6), GinzburgLandauChain(6, half_width=2.5)
    narrow = GinzburgLandauChain(6, half_width=1.0)
    torch.testing.assert_close(free.covariance(), wide.covariance(), atol=1e-6, rtol=0)
    assert float((free.covariance() - narrow.covariance()).abs().max()) > 0.1
    outside = torch.full((1, 6), 1.5)
    assert float(narrow.log_prob(outside)) == -math.inf


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dim": 1}, "at least 2"),
        ({"dim": 4, "temperature": 0.0}, "temperature"),
        ({"dim": 4, "lam": -1.0}, "lam"),
        ({"dim": 4, "half_width": -1.0}, "half_width"),
    ],
)
def test_impossible_chains_are_refused(arguments, message):
    with pytest.raises(UserError, match=message):
        GinzburgLandauChain(**arguments)


def test_wrong_kind_of_point_is_refused():
    ring = IsingRing(4)
    with pytest.raises(UserError, match="gradient"):
        ring.score(torch.ones(1, 4))
    with pytest.raises(UserError, match="not spins"):
        ring.site_log_odds(torch.zeros(1, 4))
    with pytest.raises(UserError, match=r"expected \(n, 4\)"):
        ring.log_prob(torch.ones(1, 5))
    with pytest.raises(UserError, match="log-odds"):
        GinzburgLandauChain(4).site_log_odds(torch.ones(1, 4))


def test_unresolved_potential_is_refused():
    with pytest.raises(UserError, match="quadrature"):
        NearestNeighbourChain(
            3, lambda x, _: 1e6 * (x - 0.123).abs(), lambda x, y, _: 0 * x * y, interval=(-1, 1)
        )


@pytest.mark.parametrize("boundary", ["open", "periodic", "fixed"])
@pytest.mark.parametrize("which", ["site_potential", "bond_potential"])
def test_potentials_that_take_one_site_at_a_time_are_refused(which, boundary):
    potentials = {"site_potential": lambda x, i: 0 * x, "bond_potential": lambda x, y, i: -x * y}
    one = {
        "site_potential": lambda x, i: x if i % 2 == 0 else -x,
        "bond_potential": lambda x, y, i: x * y if i % 2 == 0 else -x * y,
    }
    with pytest.raises(UserError, match=rf"got a {which} .*RuntimeError.*test_chain.py, line \d+"):
        NearestNeighbourChain(4, **potentials | {which: one[which]}, boundary=boundary)
