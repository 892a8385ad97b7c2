"""Scalars of a sample in which a simulation is slow, or shows its step."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from truescore.targets import NearestNeighbourChain, Target
from truescore.targets.chain_observables import mean_energy


@dataclass(frozen=True)
class Quantity:
    """A scalar of a sample, with its exact expectation where there is one.

    Attributes:
        name: key in ``certificate.json``.
        label: name for people.
        values: ``(n, d) -> (n,)``, float64.
        exact: exact expectation, if known.
        governs: errors whose size it decides, as the slowest of what enters them.
        energy: whether it is an energy of reals, in which too large a step shows.
    """

    name: str
    label: str
    values: Callable[[Tensor], Tensor]
    exact: float | None
    governs: tuple[str, ...] = ()
    energy: bool = False


def quantities(target: Target) -> list[Quantity]:
    """What is followed along the chains of a simulation of a law."""
    if isinstance(target, NearestNeighbourChain):
        return _of_a_chain(target) if target.n_states is None else [_energy(target)]
    return [*_of_the_leading_mode(target), Quantity("log_density", "log p", target.log_prob, None)]


def _of_a_chain(chain: NearestNeighbourChain) -> list[Quantity]:
    second_moments = chain.covariance() + chain.mean()[:, None] * chain.mean()
    # Bonds to a wall are left out: they have no partner in ``bond_expectation``.
    wall = int(chain.boundary == "fixed")

    def bond_energy(x: Tensor) -> Tensor:
        left, right = chain.bond_ends(x.double())
        inner = slice(wall, left.shape[-1] - wall)
        index = torch.arange(left.shape[-1])[inner]
        return chain.bond_potential(left[..., inner], right[..., inner], index).mean(-1)

    def kink_density(x: Tensor) -> Tensor:
        left, right = chain.bond_ends(x)
        inner = slice(wall, left.shape[-1] - wall)
        return ((left > 0) != (right > 0))[..., inner].double().mean(-1)

    def bond_mean(f: Callable[[Tensor, Tensor, int], Tensor]) -> float:
        return float(chain.bond_expectation(f).mean())

    return [
        Quantity(
            "magnetisation",
            "magnetisation",
            lambda x: x.double().mean(-1),
            float(chain.mean().mean()),
        ),
        Quantity(
            "magnetisation_squared",
            "magnetisation squared",
            lambda x: x.double().mean(-1) ** 2,
            float(second_moments.mean()),
            governs=("magnetisation_squared", "cov_frobenius", "two_point_function"),
        ),
        Quantity(
            "kink_density",
            "kink density",
            kink_density,
            bond_mean(lambda x, y, _: ((x > 0) != (y > 0)).double()),
            governs=("kink_density",),
        ),
        _energy(chain),
        Quantity(
            "bond_energy",
            "bond energy",
            bond_energy,
            bond_mean(lambda x, y, i: chain.bond_potential(x, y, i + wall)),
            energy=chain.state_space == "real",
        ),
    ]


def _energy(chain: NearestNeighbourChain) -> Quantity:
    return Quantity(
        "energy_per_site",
        "energy per site",
        lambda x: chain.energy(x) / chain.dim,
        mean_energy(chain) / chain.dim,
        governs=("energy_per_site",),
        energy=chain.state_space == "real",
    )


def _of_the_leading_mode(target: Target) -> list[Quantity]:
    """The direction of largest variance: where wells are apart, chains must cross along it."""
    mean, covariance = target.mean(), target.covariance()
    mode = torch.linalg.eigh(covariance).eigenvectors[:, -1]
    centre = float(mean @ mode)
    return [
        Quantity("leading_mode", "leading mode", lambda x: x.double() @ mode, centre),
        Quantity(
            "leading_mode_squared",
            "leading mode squared",
            lambda x: (x.double() @ mode) ** 2,
            float(mode @ covariance @ mode) + centre**2,
            governs=("cov_frobenius",),
        ),
    ]
