"""What a chain can be: its size, its walls, and potentials that take all sites at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from truescore.errors import UserError, reason

if TYPE_CHECKING:
    from truescore.targets.chain import NearestNeighbourChain


def check_arguments(
    dim: int,
    boundary: str,
    temperature: float,
    interval: tuple[float, float] | None,
    n_states: int | None,
) -> None:
    """Raise ``UserError`` for an impossible size, wall, temperature, interval or number."""
    smallest = 3 if boundary == "periodic" else 2
    if boundary not in ("open", "periodic", "fixed"):
        raise UserError(f"got boundary={boundary!r}, expected open, periodic or fixed")
    if dim < smallest:
        raise UserError(f"got dim={dim}, expected at least {smallest} for a chain: raise dim")
    if not temperature > 0:
        raise UserError(f"got temperature={temperature}, expected > 0: raise it")
    if n_states is not None and (n_states < 2 or interval is not None):
        raise UserError(f"got n_states={n_states}, expected at least 2, and no interval: mend it")
    if interval is not None and not interval[0] < interval[1]:
        raise UserError(f"got interval={interval}, expected low < high: swap the ends")


def check_potentials(chain: NearestNeighbourChain) -> None:
    """Raise ``UserError`` unless both potentials answer for all sites at once.

    They are asked with an index for each site or bond, as `NearestNeighbourChain.energy` asks.
    """
    low, high = chain.interval or ((1.0, 1.0) if chain.n_states is None else (0.0, 0.0))
    x = torch.full((2, chain.dim), (low + high) / 2, dtype=torch.float64)
    left, right = chain.bond_ends(x)
    sites, bonds = torch.arange(chain.dim), torch.arange(left.shape[-1])
    asked = {
        "site_potential": (lambda: chain.site_potential(x, sites), x),
        "bond_potential": (lambda: chain.bond_potential(left, right, bonds), left),
    }
    for name, (potential, like) in asked.items():
        try:
            potential().expand_as(like)
        except UserError:
            raise
        except Exception as error:  # the potentials are the user's own
            raise UserError(
                f"got a {name} that fails for all sites at once ({reason(error)}), expected an"
                " elementwise function of x and of a tensor of indices i: torch.where(i % 2 == 0,"
                " a, b) in place of a if i % 2 == 0 else b"
            ) from error
