"""Exact samplers: z-tests and Kolmogorov-Smirnov tests against exact moments and marginals."""

import itertools

import pytest
import torch

from truescore.errors import UserError
from truescore.targets import (
    GinzburgLandauChain,
    IndependentSpins,
    IsingRing,
    NearestNeighbourChain,
)
from truescore.targets.chain_sampling import ROWS, Tabulated, _rows
from truescore.targets.quadrature import panels

BOUNDARIES = ["open", "periodic", "fixed"]


def spin_chain(boundary):
    generator = torch.Generator().manual_seed(1)
    field = torch.randn(5, dtype=torch.float64, generator=generator)
    coupling = torch.randn(6, dtype=torch.float64, generator=generator)
    return NearestNeighbourChain(
        5,
        lambda x, i: -field[i] * x,
        lambda x, y, i: -coupling[i] * x * y,
        boundary,
        boundary_value=1.0,
    )


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


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_every_state_of_a_spin_chain_is_drawn_with_its_probability(boundary, assert_mean):
    chain, n = spin_chain(boundary), 40_000
    states = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=5)))
    p = chain.log_prob(states).exp()
    x = chain.sample(n, torch.Generator().manual_seed(2))
    assert set(x.unique().tolist()) == {-1.0, 1.0}
    index = ((x + 1) / 2 @ torch.tensor([16.0, 8.0, 4.0, 2.0, 1.0])).long()
    # The normal law is a fair account of a count of 100 or more; rarer states are pooled.
    common = n * p > 100
    label = torch.where(common, torch.arange(32), 32)[index]
    assert common.sum() >= 15
    drawn = label[:, None] == torch.arange(33)[None]
    expected = torch.cat([torch.where(common, p, 0.0), p[~common].sum()[None]])
    assert_mean(drawn, expected, slack=1e-12)


@pytest.mark.parametrize(
    "law", [IsingRing(33), IsingRing(64, temperature=0.5), IsingRing(16, coupling=-1.0)]
)
def test_spin_rings_have_their_correlations(law, assert_mean):
    x = law.sample(20_000, torch.Generator().manual_seed(3)).double()
    assert_mean(x, 0.0)
    # Averaged over the ring as well: one number for each distance.
    products = torch.stack([(x * x.roll(r, 1)).mean(1) for r in range(1, law.dim // 2 + 1)], 1)
    assert_mean(products, law.covariance()[0, 1 : law.dim // 2 + 1])
    assert_mean(x[:, :-1] * x[:, 1:], law.covariance().diagonal(1))


def test_independent_spins_are_independent(assert_mean):
    means = torch.tensor([0.9, -0.5, 0.0, 0.2])
    x = IndependentSpins(means).sample(20_000, torch.Generator().manual_seed(4)).double()
    assert_mean(x, means.double())
    upper = torch.ones(4, 4).triu(1).bool()
    products = (x[:, :, None] * x[:, None, :])[:, upper]
    assert_mean(products, torch.outer(means.double(), means.double())[upper])


def joint_features(x):
    """Products that see the joint law beyond its covariance."""
    a, b, c = x.unbind(-1)
    up = (x > 0).double()
    pairs, gap = [a * b, b * c, a * c, a**2 * c**2], (a - b).abs()
    return torch.stack([*pairs, a * b * c, gap * c, up.prod(-1), a * up[:, 1]], -1)


# Beyond ROWS samples the conditions x_{i-1} are rounded to tabulated ones; a ring never is.
@pytest.mark.parametrize("n", [ROWS - 48, 20_000], ids=["exact rows", "tabulated rows"])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_real_chains_are_sampled_exactly(boundary, n, assert_mean, assert_uniform):
    chain = real_chain(boundary)
    n = min(n, 4000) if boundary == "periodic" else n
    x = chain.sample(n, torch.Generator().manual_seed(5)).double()
    assert x.shape == (n, 3)
    nodes, log_weights = panels([-3.2, 0.0, 3.2], 36)
    points = torch.cartesian_prod(nodes, nodes, nodes)
    weight = torch.cartesian_prod(log_weights, log_weights, log_weights).sum(1)
    p = (chain.log_prob(points) + weight).exp()
    assert float(p.sum()) == pytest.approx(1, abs=1e-9)
    assert_mean(x, p @ points)
    assert_mean(joint_features(x), p @ joint_features(points))
    below, up_to = chain.marginal_cdf(x)
    assert torch.equal(below, up_to)
    for site in range(3):
        assert_uniform(below[:, site])


def test_rounded_conditions_are_right_on_average(assert_mean):
    grid = torch.linspace(-3.2, 3.2, 100, dtype=torch.float64)
    x = torch.linspace(-3.2, 3.2, 2_000_001, dtype=torch.float64)
    given, row = _rows(x, grid, torch.Generator().manual_seed(9))
    assert len(given) == ROWS
    error = (given[row] - x) * (ROWS - 1) / 6.4
    assert float(error.abs().max()) < 1 + 1e-9
    assert_mean(error, 0.0)
    assert float(error.square().mean()) == pytest.approx(1 / 6, rel=0.01)


def test_tables_are_inverted_and_of_fourth_order():
    """Rows of different normal laws, whose distribution functions are known."""
    scales = torch.tensor([[1.0], [0.4]], dtype=torch.float64)
    u = torch.linspace(0.001, 0.999, 999, dtype=torch.float64).repeat(2)
    row = torch.arange(2).repeat_interleave(999)
    errors = []
    for cells in (64, 128):
        grid = torch.linspace(-5, 5, cells + 1, dtype=torch.float64)
        table = Tabulated(grid, 7.0 * (-((grid / scales) ** 2) / 2).exp())
        x = table.invert(row, u)
        first = row == 0
        torch.testing.assert_close(table.evaluate(x[first]), u[first], atol=1e-12, rtol=0)
        # The normal law of scale 1 ends at 5 standard deviations: 6e-7 are cut off.
        errors.append(float((torch.special.ndtr(x / scales[row, 0]) - u).abs().max()))
    assert errors[1] < 2e-5
    assert errors[0] / errors[1] > 10


@pytest.mark.parametrize("n", [2000, 20_000])
def test_stiff_chains_are_sampled_exactly(n, assert_mean, assert_uniform):
    """Narrow conditionals, two coherent wells; also the energy, which the bonds dominate."""
    chain = GinzburgLandauChain(16)
    x = chain.sample(n, torch.Generator().manual_seed(6)).double()
    assert_mean(x, chain.mean())
    assert_mean(x[:, :, None] * x[:, None, :], chain.covariance())
    energy = next(o for o in chain.observables() if o.name == "energy_per_site")
    assert_mean(chain.energy(x)[:, None] / chain.dim, energy.exact)
    cdf, _ = chain.marginal_cdf(x)
    for site in (0, 7, 15):
        assert_uniform(cdf[:, site])


def test_marginal_cdf_is_the_integral_of_the_marginal():
    chain = real_chain("periodic")
    ends = torch.linspace(-1.5, 1.5, 7, dtype=torch.float64)
    cdf, _ = chain.marginal_cdf(ends[:, None].expand(7, 3))
    for site in range(3):
        for end, value in zip(ends.tolist(), cdf[:, site].tolist(), strict=True):
            nodes, log_weights = panels([-3.2, (end - 3.2) / 2, end], 40)
            integral = chain.marginal(site, nodes) @ log_weights.exp()
            assert value == pytest.approx(float(integral), abs=1e-7)


@pytest.mark.parametrize("boundary", ["open", "periodic"])
def test_samples_carry_no_grid(boundary, assert_uniform):
    """Within the cells of the sampler's table they are spread evenly, and do not repeat."""
    chain = real_chain(boundary)
    x = chain.sample(3000, torch.Generator().manual_seed(7)).double()
    assert len(x.unique()) > 0.995 * x.numel()
    cells = 4 * len(chain.nodes)
    for site in range(3):
        assert_uniform(((x[:, site] + 3.2) * cells / 6.4) % 1)


def test_spin_cdf_jumps_at_the_spins():
    chain = spin_chain("open")
    up = (1 + chain.mean()) / 2
    below, up_to = chain.marginal_cdf(torch.tensor([[-1.0] * 5, [1.0] * 5]))
    torch.testing.assert_close(below, torch.stack([0 * up, 1 - up]), atol=1e-12, rtol=0)
    torch.testing.assert_close(up_to, torch.stack([1 - up, 0 * up + 1]), atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    "law", [IsingRing(8), real_chain("open"), real_chain("periodic"), GinzburgLandauChain(4)]
)
def test_samples_depend_on_the_generator_alone(law):
    before = torch.get_rng_state()
    first, again, other = (law.sample(50, torch.Generator().manual_seed(s)) for s in (8, 8, 9))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.dtype == torch.float32
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("law", [IsingRing(4), GinzburgLandauChain(4)])
def test_no_samples_are_refused(law):
    with pytest.raises(UserError, match="n=0"):
        law.sample(0, torch.Generator())
