"""The points that a chain's sums over a site run through: its states, or quadrature nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.targets.quadrature import panels

if TYPE_CHECKING:
    from truescore.targets.chain import NearestNeighbourChain

MAX_NODES = 1024


def site_nodes(chain: NearestNeighbourChain) -> tuple[Tensor, Tensor]:
    """Nodes and their log weights, ``(K,)`` each, float64; of reals as many as the law needs.

    Raises:
        UserError: for potentials that are not finite, or that no grid resolves.
    """
    if chain.interval is None:
        values = [-1.0, 1.0] if chain.n_states is None else list(range(chain.n_states))
        return torch.tensor(values).double(), torch.zeros(len(values)).double()
    low, high = chain.interval
    edges = [low, 0.0, high] if low < 0 < high else [low, high]
    previous = None
    n = 16
    while n * (len(edges) - 1) <= MAX_NODES:
        chain.nodes, chain.log_weights = panels(edges, n)
        vars(chain).pop("messages", None)
        belief = chain.messages.belief[0]
        current = torch.cat(
            [chain.messages.log_total, belief @ chain.nodes, belief @ chain.nodes**2]
        )
        if not current.isfinite().all():
            raise UserError(
                f"got potentials that are not finite on {chain.interval}, or so large that all"
                " weights vanish: mend them, or raise the temperature"
            )
        if previous is not None and (current - previous).abs().max() < 1e-12 * chain.dim:
            return chain.nodes, chain.log_weights
        previous, n = current, (n * 5) // 4
    raise UserError(
        f"got potentials that {MAX_NODES} quadrature nodes do not resolve on {chain.interval}:"
        " expected smooth ones, so raise the temperature or narrow the interval"
    )
