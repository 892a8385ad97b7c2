"""A nearest-neighbour chain seen through noise: messages with each site's likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from truescore.targets.messages import propagate
from truescore.targets.quadrature import gauss_legendre, panels

if TYPE_CHECKING:
    from truescore.targets.chain import NearestNeighbourChain

# A Gaussian likelihood of width w is zero to float64 beyond 8 w.
WINDOW = 8.0
# Nodes per unit of (length / w) for which Gauss-Legendre integrates a Gaussian to about 1e-12.
NODES_PER_WIDTH = 2.0
# A window needs a matrix of exponentials per sample and bond, the whole interval one per bond.
WINDOW_COST = 9
# Bytes of one block of messages or of per-sample bond matrices.
BLOCK_BYTES = 2**27


def site_posterior(chain: NearestNeighbourChain, log_likelihood: Tensor) -> tuple[Tensor, Tensor]:
    """Log evidence and leave-one-out log probabilities; see ``Target.site_posterior``."""
    site = chain.log_site(chain.nodes.expand(chain.dim, -1))
    messages = propagate(site + log_likelihood, chain.log_bond, chain.boundary == "periodic")
    log_probs = (messages.cavity.log() + site).log_softmax(-1)
    return messages.log_total - chain.messages.log_total, log_probs


def gaussian_posterior(
    chain: NearestNeighbourChain, x_t: Tensor, alpha: Tensor, sigma: Tensor
) -> tuple[Tensor, Tensor]:
    """Log evidence and posterior mean; see ``Target.gaussian_posterior``.

    Sharp observations are integrated on a window around each x_t / alpha, blunt ones on the whole
    interval, whichever is cheaper.
    """
    log_evidence = torch.empty(len(x_t), dtype=torch.float64, device=x_t.device)
    posterior_mean = torch.empty_like(x_t)
    n_nodes, windowed = _node_counts(chain, sigma / alpha)
    for count in n_nodes.unique().tolist():
        chosen = (n_nodes == count).nonzero()[:, 0]
        local = bool(windowed[chosen[0]])
        # Each sample has bond matrices of its own on a window, messages only otherwise.
        floats = count * (2 * count if local else 4 * chain.dim)
        for block in chosen.split(max(1, BLOCK_BYTES // (8 * floats))):
            log_evidence[block], posterior_mean[block] = _block(
                chain, x_t[block], alpha[block, None], sigma[block, None], count, local
            )
    return log_evidence, posterior_mean


def _node_counts(chain: NearestNeighbourChain, width: Tensor) -> tuple[Tensor, Tensor]:
    """Nodes at noise-to-signal ratio ``width``, and whether they stand on a window."""
    low, high = chain.support
    resolution = len(chain.nodes) / (high - low)
    density = torch.hypot(NODES_PER_WIDTH / width, torch.full_like(width, resolution))
    counts = torch.stack([2 * WINDOW * width * density, (high - low) * density])
    # Even, and few distinct values, so that mixed noise levels share a batch.
    local, whole = (16 * torch.ceil(counts / 16)).clamp(min=32).long()
    windowed = WINDOW_COST * local < whole
    # Odd counts mark windows, so that equal counts mean equal grids.
    return torch.where(windowed, local + 1, whole), windowed


def _block(
    chain: NearestNeighbourChain,
    x_t: Tensor,
    alpha: Tensor,
    sigma: Tensor,
    count: int,
    local: bool,
) -> tuple[Tensor, Tensor]:
    low, high = chain.support
    if local:
        centre, reach = (x_t / alpha).clamp(low, high), WINDOW * sigma / alpha
        ends = (centre - reach).clamp(min=low), (centre + reach).clamp(max=high)
        nodes, log_weights = gauss_legendre(*ends, count)
        sites = chain.log_site(nodes)
    else:
        nodes, log_weights = panels([low, (low + high) / 2, high], count // 2)
        nodes, log_weights = nodes.to(x_t.device), log_weights.to(x_t.device)
        sites = chain.log_site(nodes.expand(chain.dim, -1))

    def log_bond(i: int) -> Tensor:
        if local:
            return chain.log_bond_between(nodes[:, i], nodes[:, (i + 1) % chain.dim], i)
        return chain.log_bond_between(nodes, nodes, i)

    residual = (x_t[..., None] - alpha[..., None] * nodes) / sigma[..., None]
    log_likelihood = -(residual**2) / 2 - (sigma[..., None] * (2 * torch.pi) ** 0.5).log()
    log_emission = log_likelihood + sites + log_weights
    messages = propagate(log_emission, log_bond, chain.boundary == "periodic")
    mean = (messages.belief * nodes).sum(-1)
    return messages.log_total - chain.messages.log_total, mean
