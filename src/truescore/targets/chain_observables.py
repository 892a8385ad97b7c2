"""The physics of a chain as statistics with exact values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from truescore.targets.base import moment_observables
from truescore.targets.domain_lengths import domain_lengths
from truescore.targets.observable import Observable

if TYPE_CHECKING:
    from truescore.targets.chain import NearestNeighbourChain


def chain_observables(chain: NearestNeighbourChain) -> list[Observable]:
    """Moments, energy per site, two-point function, squared magnetisation, kinks and domains.

    States are names, whose means and covariances say nothing: their indicators are looked at.
    """
    if chain.n_states is not None:
        return [
            _frequencies(chain),
            _indicator_covariance(chain),
            _agreement(chain),
            domain_lengths(chain),
            energy_per_site(chain),
        ]
    second_moments = chain.covariance() + chain.mean()[:, None] * chain.mean()
    return [
        *moment_observables(chain),
        energy_per_site(chain),
        _two_point_function(second_moments, chain.boundary == "periodic"),
        _magnetisation_squared(second_moments),
        _kink_density(chain),
        *([domain_lengths(chain)] if chain.state_space == "spin" else []),
    ]


def indicators(x: Tensor, n_states: int) -> Tensor:
    """[x_i = a] of states ``(..., n, d)``, float64, ``(..., n, d q)``."""
    return (x[..., None] == torch.arange(n_states).to(x)).double().flatten(-2)


def indicator_covariance(chain: NearestNeighbourChain) -> Tensor:
    """Exact Cov([x_i = a], [x_j = b]), ``(d q, d q)``, float64."""
    dim, q = chain.dim, len(chain.nodes)
    ones = torch.eye(q, dtype=torch.float64)[:, None].expand(q, dim, q)
    deviation = ones - chain.messages.belief[0].mT[..., None]
    # Of the first site's state a and the later one's b, ``(q, q, d, d)``.
    ordered = [[chain.pair_expectation(f, g).triu() for g in deviation] for f in deviation]
    pairs = torch.stack([torch.stack(row) for row in ordered])
    joint = pairs + pairs.transpose(0, 1).triu(1).mT
    return joint.permute(2, 0, 3, 1).reshape(dim * q, dim * q)


def _frequencies(chain: NearestNeighbourChain) -> Observable:
    """P(x_i = a), the means of the indicators."""
    exact = chain.messages.belief[0].flatten()
    variance = float((exact * (1 - exact)).sum())

    def average(x: Tensor) -> Tensor:
        return indicators(x, len(chain.nodes)).mean(-2)

    return Observable("frequencies", "frequencies, L2", average, exact, "l2", variance)


def _indicator_covariance(chain: NearestNeighbourChain) -> Observable:
    mean = chain.messages.belief[0].flatten()

    def average(x: Tensor) -> Tensor:
        deviation = indicators(x, len(chain.nodes)) - mean
        return (deviation.mT @ deviation / x.shape[-2]).flatten(-2)

    exact = indicator_covariance(chain).flatten()
    return Observable("cov_frobenius", "indicators' covariance", average, exact, "l2")


def _agreement(chain: NearestNeighbourChain) -> Observable:
    """P(x_i = x_{i+r}), the mean over i, r = 1 .. d/2: the two-point function of states."""
    dim, q = chain.dim, len(chain.nodes)
    lags, periodic = range(1, dim // 2 + 1), chain.boundary == "periodic"
    ones = torch.eye(q, dtype=torch.float64)[:, None].expand(q, dim, q)
    alike = torch.stack([chain.pair_expectation(one, one) for one in ones]).sum(0)

    def average(x: Tensor) -> Tensor:
        shifted = [(x == x.roll(-r, -1))[..., : None if periodic else dim - r] for r in lags]
        return torch.stack([same.double().mean((-2, -1)) for same in shifted], -1)

    exact = _by_distance(alike, periodic)
    return Observable("agreement", "agreement at a distance", average, exact, norm="l2")


def _by_distance(pairs: Tensor, periodic: bool) -> Tensor:
    """Means of ``(..., d, d)`` over pairs of sites r apart, r = 1 .. d/2."""
    dim = pairs.shape[-1]
    lags = torch.arange(1, dim // 2 + 1)
    if periodic:
        site = torch.arange(dim)
        return pairs[..., site, (site + lags[:, None]) % dim].mean(-1)
    return torch.stack([pairs.diagonal(int(r), -2, -1).mean(-1) for r in lags], -1)


def mean_energy(chain: NearestNeighbourChain) -> float:
    """Exact E[V(x)] in the units of the temperature."""
    prior = chain.messages
    log_site = chain.log_site(chain.nodes.expand(chain.dim, -1))
    sites = -chain.temperature * (prior.belief[0] * log_site).sum()
    wall = int(chain.boundary == "fixed")
    bonds = chain.bond_expectation(lambda x, y, i: chain.bond_potential(x, y, i + wall)).sum()
    return float(sites + bonds) + chain.constant


def energy_per_site(chain: NearestNeighbourChain) -> Observable:
    """V/d."""

    def average(x: Tensor) -> Tensor:
        energy = chain.energy(x.reshape(-1, chain.dim)) / chain.dim
        return energy.reshape(x.shape[:-1]).mean(-1, keepdim=True)

    exact = torch.tensor([mean_energy(chain) / chain.dim], dtype=torch.float64)
    return Observable("energy_per_site", "energy per site", average, exact, norm="l2")


def _two_point_function(second_moments: Tensor, periodic: bool) -> Observable:
    """G(r), the mean of E[x_i x_{i+r}] over i, r = 1 .. d/2; the error is the L2 norm over r."""

    def average(x: Tensor) -> Tensor:
        x = x.double()
        return _by_distance(x.mT @ x / x.shape[-2], periodic)

    exact = _by_distance(second_moments, periodic)
    return Observable("two_point_function", "two-point function", average, exact, norm="l2")


def _magnetisation_squared(second_moments: Tensor) -> Observable:
    """E[M^2] of M = sum_i x_i / d."""

    def average(x: Tensor) -> Tensor:
        return (x.double().mean(-1) ** 2).mean(-1, keepdim=True)

    exact = second_moments.mean()[None]
    return Observable("magnetisation_squared", "magnetisation squared", average, exact, norm="l2")


def _kink_density(chain: NearestNeighbourChain) -> Observable:
    """Fraction of bonds between sites whose ends differ in sign."""

    def average(x: Tensor) -> Tensor:
        up = x > 0
        neighbour = up.roll(-1, -1) if chain.boundary == "periodic" else up[..., 1:]
        kinks = up[..., : neighbour.shape[-1]] != neighbour
        return kinks.double().mean((-2, -1))[..., None]

    exact = chain.bond_expectation(lambda x, y, _: ((x > 0) != (y > 0)).double()).mean()[None]
    return Observable("kink_density", "kink density", average, exact, norm="l2")
