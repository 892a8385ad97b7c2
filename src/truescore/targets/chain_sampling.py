"""Exact independent samples and marginals of a nearest-neighbour chain.

Sites are drawn one after the other, p(x_i | x_{i-1}, ...) ~ site(x_i) bond(x_{i-1}, x_i) r(x_i)
with r the sum over all later sites. For reals the conditional's distribution function is tabulated
on a fine grid to fourth order and inverted inside the cells by its cubic Hermite interpolant, so
the samples carry no grid. For many samples the condition x_{i-1} is rounded at random, without
bias, to one of ``ROWS`` tabulated values; that adds (interval/ROWS)^2 / 6 to its variance, a part
in 1e5 of a site's conditional variance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from truescore.targets.chain import NearestNeighbourChain

ROWS = 2048
POINTS_PER_NODE = 4
BLOCK = 2**17
NEWTON_STEPS = 5


def sample(chain: NearestNeighbourChain, n: int, generator: torch.Generator) -> Tensor:
    """Draw ``n`` independent samples, ``(n, d)``, float32."""
    if chain.interval is None:
        from truescore.targets.chain_states import sample_states  # compiled, which takes a moment

        draw, block = sample_states, BLOCK
    elif chain.boundary == "periodic":
        draw, block = _sample_real_ring, 256
    else:
        draw, block = _sample_reals, 8 * BLOCK
    samples = torch.empty(n, chain.dim)
    for rows in samples.split(block):
        rows[:] = draw(chain, len(rows), generator)
    return samples


def state_cdf(chain: NearestNeighbourChain, x: Tensor) -> tuple[Tensor, Tensor]:
    """P(X_i < x_i) and P(X_i <= x_i) of states, for ``(n, d)`` points."""
    belief = chain.messages.belief[0]
    reached = x.double()[..., None] >= chain.nodes
    passed = x.double()[..., None] > chain.nodes
    return (belief * passed).sum(-1), (belief * reached).sum(-1)


def state_tails(chain: NearestNeighbourChain) -> tuple[Tensor, Tensor]:
    """Upper tails of the first site's law ``(K-1,)`` and of the later ones' ``(d-1, C, K, K-1)``.

    A later site's law is given the first site's state, on a ring (C = K), and the one before it.
    """
    prior = chain.messages
    weights = [
        chain.log_bond(i - 1).exp() * prior.emission[0, i] * prior.backward[i, 0][:, None]
        for i in range(1, chain.dim)
    ]
    laws = torch.stack([weight / weight.sum(-1, keepdim=True) for weight in weights])
    first, later = (
        law.flip(-1).cumsum(-1)[..., :-1].contiguous() for law in (prior.belief[0, 0], laws)
    )
    return first, later


def _sample_reals(chain: NearestNeighbourChain, n: int, generator: torch.Generator) -> Tensor:
    grid = _grid(chain)
    log_sites = chain.log_site(grid.expand(chain.dim, -1))
    table = Tabulated(grid, marginal_density(chain, 0, grid)[None])
    zero = torch.zeros(n, dtype=torch.long)
    x = table.invert(zero, _uniform(n, generator))
    samples = torch.empty(n, chain.dim)
    samples[:, 0] = x
    for i in range(1, chain.dim):
        given, row = _rows(x, grid, generator) if n > ROWS else (x, torch.arange(n))
        log_weight = chain.log_bond_between(given, grid, i - 1) + log_sites[i]
        table = Tabulated(grid, _exp(log_weight) * _later_sites(chain, i, grid))
        x = table.invert(row, _uniform(n, generator))
        samples[:, i] = x
    return samples


def _sample_real_ring(chain: NearestNeighbourChain, n: int, generator: torch.Generator) -> Tensor:
    grid, prior = _grid(chain), chain.messages
    log_sites = chain.log_site(grid.expand(chain.dim, -1))
    one = torch.arange(n)
    first = Tabulated(grid, marginal_density(chain, 0, grid)[None]).invert(
        torch.zeros_like(one), _uniform(n, generator)
    )
    # With x_0 drawn, the ring is an open chain whose last site also feels x_0.
    closing = chain.log_bond_between(chain.nodes, first, chain.dim - 1).mT
    messages = [_exp(closing)]
    for i in reversed(range(1, chain.dim - 1)):
        message = (messages[-1] * prior.emission[0, i + 1]) @ _exp(chain.log_bond(i)).mT
        messages.append(message / message.amax(-1, keepdim=True))
    messages.reverse()
    x, samples = first, [first]
    for i in range(1, chain.dim):
        if i < chain.dim - 1:
            bond = _exp(chain.log_bond_between(grid, chain.nodes, i))
            later = (messages[i] * prior.emission[0, i + 1]) @ bond.mT
        else:
            later = _exp(chain.log_bond_between(grid, first, i).mT)
        log_weight = chain.log_bond_between(x, grid, i - 1) + log_sites[i]
        x = Tabulated(grid, _exp(log_weight) * later).invert(one, _uniform(n, generator))
        samples.append(x)
    return torch.stack(samples, 1).float()


def marginal_density(chain: NearestNeighbourChain, site: int, x: Tensor) -> Tensor:
    """Probability (states) or density (reals) of one site at the points ``(m,)``."""
    prior = chain.messages
    if chain.interval is None:
        return (x[:, None] == chain.nodes).double() @ prior.belief[0, site]
    if chain.boundary == "periodic" and site == 0:
        return marginal_density(_rotated(chain), chain.dim - 1, x)
    points = torch.cat([x, chain.nodes])
    weight = _site(chain, site, points) * _earlier_sites(chain, site, points)
    weight = (weight * _later_sites(chain, site, points)).sum(0)
    return weight[: len(x)] / (weight[len(x) :] * chain.log_weights.exp()).sum()


def pair_density(chain: NearestNeighbourChain, site: int, x: Tensor, y: Tensor) -> Tensor:
    """Joint density of two neighbouring reals, ``(m,)`` and ``(k,)`` points -> ``(m, k)``."""
    left, right = torch.cat([x, chain.nodes]), torch.cat([y, chain.nodes])
    before = _site(chain, site, left) * _earlier_sites(chain, site, left)
    after = _site(chain, site + 1, right) * _later_sites(chain, site + 1, right)
    bond = _exp(chain.log_bond_between(left, right, site))
    joint = torch.einsum("cm,mk,ck->mk", before, bond, after)
    weight = chain.log_weights.exp()
    return joint[: len(x), : len(y)] / (weight @ joint[len(x) :, len(y) :] @ weight)


def marginal_cdf(chain: NearestNeighbourChain, x: Tensor) -> Tensor:
    """P(X_i <= x_i) for ``(n, d)`` real points."""
    grid = _grid(chain)
    columns = [
        Tabulated(grid, marginal_density(chain, i, grid)[None]).evaluate(x[:, i].contiguous())
        for i in range(chain.dim)
    ]
    return torch.stack(columns, 1)


class Tabulated:
    """Distribution functions of R densities on one uniform grid, and their inverses.

    Args:
        grid: uniform points, shape ``(M,)``.
        density: unnormalised densities at the points, shape ``(R, M)``.
    """

    def __init__(self, grid: Tensor, density: Tensor) -> None:
        before = 3 * (density[:, :1] - density[:, 1:2]) + density[:, 2:3]
        after = 3 * (density[:, -1:] - density[:, -2:-1]) + density[:, -3:-2]
        f = torch.cat([before, density, after], 1)
        # Integral over a cell of the cubic through its four nearest points.
        mass = ((13 * (f[:, 1:-2] + f[:, 2:-1]) - f[:, :-3] - f[:, 3:]) / 24).clamp(min=0)
        total = mass.sum(1, keepdim=True)
        self.grid, self.spacing = grid, float(grid[1] - grid[0])
        self.density = density / total
        zero = torch.zeros_like(total)
        self.cumulative = torch.cat([zero, mass.cumsum(1) / total], 1)

    def invert(self, row: Tensor, u: Tensor) -> Tensor:
        """Points where distribution function ``row`` equals u, both ``(n,)``."""
        rows, width = self.cumulative.shape
        # Rows laid end to end ascend from 0 to R, so one search serves all.
        offset = torch.arange(rows, dtype=u.dtype)[:, None]
        position = torch.searchsorted((self.cumulative + offset).flatten(), u + row, right=True) - 1
        cell = (position - row * width).clamp(0, width - 2)
        left, mass, slope0, slope1 = self._cell(row * width + cell)
        wanted = u - left
        s = (wanted / mass.clamp(min=1e-300)).clamp(0, 1)
        for _ in range(NEWTON_STEPS):
            value, slope = _hermite(s, mass, slope0, slope1)
            s = (s - (value - wanted) / slope.clamp(min=1e-300)).clamp(0, 1)
        return self.grid[0] + self.spacing * (cell + s)

    def evaluate(self, x: Tensor) -> Tensor:
        """The first row's distribution function at points ``(n,)``."""
        position = ((x - self.grid[0]) / self.spacing).clamp(0, len(self.grid) - 1)
        cell = position.long().clamp(max=len(self.grid) - 2)
        left, mass, slope0, slope1 = self._cell(cell)
        value, _ = _hermite(position - cell, mass, slope0, slope1)
        return (left + value).clamp(0, 1)

    def _cell(self, flat: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        cumulative, density = self.cumulative.flatten(), self.density.flatten()
        left = cumulative[flat]
        return left, cumulative[flat + 1] - left, density[flat], density[flat + 1]


def _hermite(s: Tensor, mass: Tensor, slope0: Tensor, slope1: Tensor) -> tuple[Tensor, Tensor]:
    """Cubic on [0, 1] from 0 to ``mass`` with the given end slopes, and its derivative."""
    a, b = slope0 + slope1 - 2 * mass, 3 * mass - 2 * slope0 - slope1
    return s * (slope0 + s * (b + s * a)), slope0 + s * (2 * b + 3 * s * a)


def _grid(chain: NearestNeighbourChain) -> Tensor:
    low, high = chain.support
    return torch.linspace(low, high, POINTS_PER_NODE * len(chain.nodes) + 1, dtype=torch.float64)


def _rows(x: Tensor, grid: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Tabulated conditions and, for each x, one of its two neighbours, right on average."""
    given = torch.linspace(float(grid[0]), float(grid[-1]), ROWS, dtype=torch.float64)
    position = (x - given[0]) / (given[1] - given[0])
    row = (position + _uniform(len(x), generator)).floor().long()
    return given, row.clamp(0, ROWS - 1)


def _site(chain: NearestNeighbourChain, site: int, x: Tensor) -> Tensor:
    """Weight of one site alone at the points, ``(m,)``."""
    return chain.log_site(x.expand(chain.dim, -1))[site].exp()


def _earlier_sites(chain: NearestNeighbourChain, site: int, x: Tensor) -> Tensor:
    """Weight of all sites before ``site``, for each carried c, at points of it, ``(C, m)``."""
    if site == 0:
        return torch.ones(1, len(x), dtype=torch.float64)
    prior = chain.messages
    bond = _exp(chain.log_bond_between(chain.nodes, x, site - 1))
    return (prior.forward[site - 1, 0] * prior.emission[0, site - 1]) @ bond


def _later_sites(chain: NearestNeighbourChain, site: int, x: Tensor) -> Tensor:
    """Weight of all sites after ``site``, for each carried c, at points of it, ``(C, m)``."""
    prior = chain.messages
    if site < chain.dim - 1:
        bond = _exp(chain.log_bond_between(x, chain.nodes, site))
        return (prior.backward[site + 1, 0] * prior.emission[0, site + 1]) @ bond.mT
    if chain.boundary == "periodic":
        return _exp(chain.log_bond_between(x, chain.nodes, site)).mT
    return torch.ones(1, len(x), dtype=torch.float64)


def _exp(log_weight: Tensor) -> Tensor:
    return (log_weight - log_weight.max()).exp()


def _rotated(chain: NearestNeighbourChain) -> NearestNeighbourChain:
    """The same ring with its first site moved to the end."""
    from truescore.targets.chain import NearestNeighbourChain

    return NearestNeighbourChain(
        chain.dim,
        lambda x, i: chain.site_potential(x, (i + 1) % chain.dim),
        lambda x, y, i: chain.bond_potential(x, y, (i + 1) % chain.dim),
        "periodic",
        chain.temperature,
        chain.interval,
        constant=chain.constant,
    )


def _uniform(n: int, generator: torch.Generator) -> Tensor:
    return torch.rand(n, dtype=torch.float64, generator=generator)
