"""Each update has the transition matrix that it should, and its law is stationary under it."""

import itertools
import math

import pytest
import torch

from truescore.simulate.spins import CheckerboardGlauber, Glauber, Metropolis, Wolff
from truescore.simulate.spins.checkerboard import two_colours

from .conftest import index, ring

RULES = {
    Glauber: lambda cost: 1 / (1 + math.exp(cost)),
    Metropolis: lambda cost: min(1.0, math.exp(-cost)),
}
GRID = 2**13


def flip(i, dim):
    """What is added to a state's number in binary by a flip of spin i."""
    return 2 ** (dim - 1 - i)


def expected(few, rule):
    """The matrix of one update of a random site, from the energies of whole states."""
    states, dim = few.states, few.law.dim
    energy = (few.energy(states) / few.law.temperature).tolist()
    matrix = torch.zeros(len(states), len(states), dtype=torch.float64)
    for k, i in itertools.product(range(len(states)), range(dim)):
        other = k ^ flip(i, dim)
        matrix[k, other] = rule(energy[other] - energy[k]) / dim
        matrix[k, k] += 1 / dim - matrix[k, other]
    return matrix


def measured(few, kind):
    """The same from the compiled function, fed with numbers evenly spread over [0, 1)."""
    dim, states = few.law.dim, few.states
    uniform = ((torch.arange(dim * GRID) + 0.5) / (dim * GRID)).double()
    rows = states.to(torch.int8).repeat_interleave(len(uniform), 0).numpy()
    dynamics = kind(few.law)
    kind.rule(rows, uniform.repeat(len(states))[:, None].numpy(), *dynamics.graph)
    after = index(torch.from_numpy(rows)).reshape(len(states), -1)
    counts = torch.stack([row.bincount(minlength=len(states)) for row in after])
    return counts.double() / len(uniform)


@pytest.mark.parametrize("kind", RULES)
def test_single_site_updates_have_their_matrix_and_detailed_balance(few, kind):
    matrix = measured(few, kind)
    torch.testing.assert_close(matrix, expected(few, RULES[kind]), atol=2 / GRID, rtol=0)
    flow = few.probabilities[:, None] * matrix
    torch.testing.assert_close(flow, flow.mT, atol=2 / GRID, rtol=0)
    torch.testing.assert_close(flow.sum(0), few.probabilities, atol=2 / GRID, rtol=0)


def wolff_matrix(few):
    """Over every set of joined bonds and every first site; half of the tries do nothing."""
    law, dim = few.law, few.law.dim
    bonds = [
        (i, int(j), float(strength) / law.temperature)
        for i in range(dim)
        for j, strength in zip(law.neighbours[i], law.couplings[i], strict=True)
        if i < j
    ]
    # Site d is the spin that points up and holds what it is joined to.
    bonds += [(i, dim, float(law.fields[i]) / law.temperature) for i in range(dim)]
    matrix = torch.eye(2**dim, dtype=torch.float64) / 2
    for k, state in enumerate(few.states.int().tolist()):
        spins = [*state, 1]
        join = [-math.expm1(-2 * max(0.0, b * spins[i] * spins[j])) for i, j, b in bonds]
        live = [(bond, p) for bond, p in zip(bonds, join, strict=True) if p > 0]
        for joined in itertools.product((False, True), repeat=len(live)):
            chance = math.prod(p if on else 1 - p for on, (_, p) in zip(joined, live, strict=True))
            pairs = [bond[:2] for on, (bond, _) in zip(joined, live, strict=True) if on]
            for first in range(dim):
                cluster = {first}
                for _ in range(dim):
                    cluster |= {s for pair in pairs if cluster & set(pair) for s in pair}
                held = dim in cluster
                other = k if held else k ^ sum(flip(i, dim) for i in cluster)
                matrix[k, other] += chance / (2 * dim)
    return matrix


def test_wolffs_clusters_have_their_matrix(few, assert_mean):
    """False-alarm rate 8e-11 for each of at most 1,024 entries; the slack is for the rarest."""
    n, size = 20_000, 2**few.law.dim
    matrix, p = wolff_matrix(few), few.probabilities
    flow = p[:, None] * matrix
    torch.testing.assert_close(flow, flow.mT, atol=1e-12, rtol=0)
    dynamics, generator = Wolff(few.law, clusters=1), torch.Generator().manual_seed(1)
    for k, state in enumerate(few.states):
        after = dynamics.run(dynamics.start(state.repeat(n, 1)), 1, generator)
        drawn = torch.nn.functional.one_hot(index(after), size)
        assert not drawn[:, matrix[k] == 0].any()
        assert_mean(drawn, matrix[k], slack=20 / n)


@pytest.mark.parametrize("kind", [Glauber, Metropolis, CheckerboardGlauber, "wolff"])
def test_a_torus_comes_to_its_law_from_far_away(grid, kind, assert_mean):
    """From all spins up: every pair's moment, against the sum over 65,536 states."""
    dynamics = Wolff(grid.law, 4) if kind == "wolff" else kind(grid.law)
    x = dynamics.start(torch.ones(4000, 16))
    x = dynamics.run(x, 150, torch.Generator().manual_seed(2)).double()
    states, p = grid.states, grid.probabilities
    assert_mean(x, p @ states)
    # The slack is the rounding of x_i^2 = 1.
    assert_mean(x[:, :, None] * x[:, None, :], (states * p[:, None]).mT @ states, slack=1e-12)


@pytest.mark.parametrize("kind", [Glauber, Metropolis, CheckerboardGlauber, "wolff"])
def test_exact_samples_stay_exact_after_one_sweep(grid, kind, assert_mean):
    generator = torch.Generator().manual_seed(3)
    dynamics = Wolff(grid.law, 4) if kind == "wolff" else kind(grid.law)
    x = dynamics.run(dynamics.start(grid.sample(40_000, generator)), 1, generator).double()
    assert_mean(grid.energy(x), grid.probabilities @ grid.energy(grid.states))
    assert_mean(x.mean(1) ** 2, grid.probabilities @ grid.states.mean(1) ** 2)


def test_half_a_checkerboard_sweep_draws_its_sites_from_their_conditional_law(assert_mean):
    """From one state of a ring, the first colour sees the old spins and the second the new ones."""
    law = ring(4, 1.0, 1.3)
    colours = torch.from_numpy(two_colours(law.law))
    start = torch.tensor([[1.0, 1.0, -1.0, 1.0]]).repeat(40_000, 1)
    dynamics = CheckerboardGlauber(law.law)
    x = dynamics.run(dynamics.start(start), 1, torch.Generator().manual_seed(4)).double()

    def pull(y):
        return (y.roll(1, 1) + y.roll(-1, 1)) / 1.3

    first, second = colours == 0, colours == 1
    assert_mean(x[:, first], pull(start.double())[0, first].tanh())
    assert_mean((x - pull(x).tanh())[:, second], 0.0)
