"""The physics of a chain as statistics with exact values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from truescore.targets.base import moment_observables
from truescore.targets.observable import Observable

if TYPE_CHECKING:
    from truescore.targets.chain import NearestNeighbourChain


def chain_observables(chain: NearestNeighbourChain) -> list[Observable]:
    """Moments, energy per site, two-point function, squared magnetisation and kink density."""
    second_moments = chain.covariance() + chain.mean()[:, None] * chain.mean()
    return [
        *moment_observables(chain),
        energy_per_site(chain),
        _two_point_function(second_moments, chain.boundary == "periodic"),
        _magnetisation_squared(second_moments),
        _kink_density(chain),
    ]


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
    dim = len(second_moments)
    lags = range(1, dim // 2 + 1)

    def by_distance(moments: Tensor) -> Tensor:
        if periodic:
            index = torch.arange(dim)
            columns = [moments[..., index, (index + r) % dim].mean(-1) for r in lags]
        else:
            columns = [moments.diagonal(r, -2, -1).mean(-1) for r in lags]
        return torch.stack(columns, -1)

    def average(x: Tensor) -> Tensor:
        x = x.double()
        return by_distance(x.mT @ x / x.shape[-2])

    exact = by_distance(second_moments)
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
