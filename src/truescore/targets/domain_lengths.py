"""How long the domains of a chain of spins or states are: maximal runs of equal neighbours."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from truescore.targets.observable import Observable

if TYPE_CHECKING:
    from truescore.targets.chain import NearestNeighbourChain

LONGEST = 32
"""Domains beyond this length, or beyond half of a shorter chain, are counted together."""


def domain_lengths(chain: NearestNeighbourChain) -> Observable:
    """Domains per site of length l = 1 .. L, and longer ones together; the L2 norm over l.

    A ring of one state alone is a single domain, of all d sites; an end of an open chain ends a
    domain. P(x_i != x_{i+1} = .. = x_{i+l} != x_{i+l+1}) is a product of transfer matrices.
    """
    longest = min(LONGEST, chain.dim // 2, chain.dim - 2)
    periodic = chain.boundary == "periodic"

    def average(x: Tensor) -> Tensor:
        return _counted(x, longest, periodic) / chain.dim

    exact = _expected(chain, longest) / chain.dim
    return Observable("domain_lengths", "domain lengths", average, exact, norm="l2")


def _counted(x: Tensor, longest: int, periodic: bool) -> Tensor:
    """Mean numbers of domains of each length in points ``(..., n, d)``, ``(..., longest + 1)``."""
    n, dim = x.shape[-2:]
    rows = x.reshape(-1, dim)
    begins = rows != rows.roll(1, -1)
    if not periodic:
        begins[:, 0] = True
    begin = begins.flatten().nonzero()[:, 0]
    row, end = begin // dim, begin.roll(-1)
    first = row.diff(prepend=row.new_tensor([-1])) > 0
    last = row.diff(append=row.new_tensor([len(rows)])) > 0
    end[last] = begin[first] + dim  # once around the ring
    length = (end - begin).clamp(max=longest + 1)
    batch, bins = len(rows) // n, longest + 1
    counts = (row // n * bins + length - 1).bincount(minlength=batch * bins).double()
    counts = counts.reshape(*x.shape[:-2], bins) / n
    counts[..., -1] += (~begins.any(-1)).double().reshape(x.shape[:-1]).mean(-1)
    return counts


def _expected(chain: NearestNeighbourChain, longest: int) -> Tensor:
    """Exact means of `_counted`.

    A domain of r sites has max(r - l + 1, 0) windows of l sites in it: with W_l windows whose sites
    are all equal, W_l - 2 W_{l+1} + W_{l+2} domains have length l, and W_{L+1} - W_{L+2} are longer
    than L. A ring of one state alone, with d windows of each length, cancels, and is added.
    """
    log_windows, log_whole = _log_windows(chain, longest + 2)
    windows = log_windows.exp().sum(1)
    longer = windows[longest] - windows[longest + 1]
    if chain.boundary == "periodic":
        longer = longer + log_whole.exp()
    return torch.cat([windows.diff(n=2), longer[None]])


def _log_windows(chain: NearestNeighbourChain, longest: int) -> tuple[Tensor, Tensor]:
    """Log P(x_i = .. = x_{i+l-1}) for l = 1 .. longest, ``(longest, d)``, and for all d sites.

    An open chain is a ring whose last bond weighs nothing; windows across it have no chance.
    """
    dim, periodic = chain.dim, chain.boundary == "periodic"
    closing = [] if periodic else [torch.zeros(len(chain.nodes), len(chain.nodes)).double()]
    bonds = torch.stack([chain.log_bond(i) for i in range(dim - len(closing))] + closing)
    transfer = chain.log_site(chain.nodes.expand(dim, -1))[:, :, None] + bonds
    stay = transfer.diagonal(dim1=1, dim2=2)
    # Of each site j, the paths over m bonds from it to wherever that leads; m = d is the last one.
    around = deque([transfer], maxlen=longest)
    for m in range(1, dim):
        step = transfer.roll(-m, 0)[:, None]
        around.append((around[-1][..., None] + step).logsumexp(2))
    log_total = around[-1][0].diagonal().logsumexp(0)
    site, inside, windows = torch.arange(dim), torch.zeros_like(stay), []
    for length in range(1, longest + 1):
        back = around[-length].diagonal(dim1=1, dim2=2).roll(1 - length, 0)
        log_prob = (inside + back).logsumexp(1) - log_total
        fits = torch.tensor(periodic) | (site + length <= dim)
        windows.append(log_prob.where(fits, -torch.inf))
        inside = inside + stay.roll(1 - length, 0)
    return torch.stack(windows), stay.sum(0).logsumexp(0) - log_total
