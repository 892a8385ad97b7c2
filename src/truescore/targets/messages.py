"""Sum-product messages on a chain or ring of sites with K states each.

A nearest-neighbour law is a hidden Markov model once each site is observed independently, so two
sweeps give its evidence and every site's belief in O(d K^2). On a ring the first site's state is
carried along as an index c of the messages (C = K); on an open chain C = 1.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

LogBond = Callable[[int], Tensor]


@dataclass(frozen=True)
class Messages:
    """Scaled messages into each site and the log of the total weight.

    Attributes:
        forward: message into site i from its left, excluding i's own emission, ``(d, B, C, K)``.
        backward: message into site i from its right, likewise.
        emission: site weights, scaled to a maximum of 1, ``(B, d, K)``.
        log_total: log sum over all configurations of the product of all weights, ``(B,)``.
    """

    forward: Tensor
    backward: Tensor
    emission: Tensor
    log_total: Tensor

    @property
    def cavity(self) -> Tensor:
        """Unnormalised belief of each site *without* its own emission, ``(B, d, K)``."""
        return (self.forward * self.backward).sum(2).transpose(0, 1)

    @property
    def belief(self) -> Tensor:
        """Normalised belief of each site, ``(B, d, K)``."""
        weight = self.cavity * self.emission
        return weight / weight.sum(-1, keepdim=True)


def scaled_exp(log_bond: Tensor) -> tuple[Tensor, Tensor]:
    """exp(log_bond - m) and the scale m, the largest entry of each matrix."""
    scale = log_bond.amax((-2, -1), keepdim=True)
    return (log_bond - scale).exp(), scale[..., 0, 0]


def propagate(log_emission: Tensor, log_bond: LogBond, periodic: bool) -> Messages:
    """Run both sweeps.

    Args:
        log_emission: log site weights (prior, quadrature and likelihood), ``(B, d, K)``, float64.
        log_bond: log weight of bond i, between sites i and i+1, as ``(K, K)`` or ``(B, K, K)``.
        periodic: whether bond d-1 joins the last site to the first.
    """
    batch, dim, states = log_emission.shape
    site_scale = log_emission.amax(-1, keepdim=True)
    emission = (log_emission - site_scale).exp()
    log_total = site_scale.sum((1, 2))

    carried = states if periodic else 1
    eye = torch.eye(states, dtype=emission.dtype, device=emission.device)
    start = eye if periodic else torch.ones_like(eye[:1])
    forward = [start.expand(batch, carried, states)]
    for i in range(dim - 1):
        bond, bond_scale = scaled_exp(log_bond(i))
        message, scale = _normalised((forward[-1] * emission[:, None, i]) @ bond)
        forward.append(message)
        log_total = log_total + scale + bond_scale
    if periodic:
        bond, bond_scale = scaled_exp(log_bond(dim - 1))
        end = bond.mT.expand(batch, states, states)
        log_total = log_total + bond_scale
    else:
        end = torch.ones_like(forward[0])
    backward = [end]
    for i in reversed(range(dim - 1)):
        bond, _ = scaled_exp(log_bond(i))
        message, _ = _normalised((backward[-1] * emission[:, None, i + 1]) @ bond.mT)
        backward.append(message)
    closing = (forward[-1] * end * emission[:, None, -1]).sum((1, 2))
    return Messages(
        torch.stack(forward), torch.stack(backward[::-1]), emission, log_total + closing.log()
    )


def _normalised(message: Tensor) -> tuple[Tensor, Tensor]:
    scale = message.amax((1, 2), keepdim=True)
    return message / scale, scale[:, 0, 0].log()
