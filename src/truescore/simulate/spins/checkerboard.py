"""Heat bath on half of the sites at once, in torch, for a GPU."""

import numpy as np
import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.simulate.spins.dynamics import SpinDynamics
from truescore.simulate.spins.pair_couplings import PairCouplings


class CheckerboardGlauber(SpinDynamics):
    """Draws all spins of one colour afresh given the other colour, then the other way round.

    No bond joins two sites of one colour, so given the rest they are independent. The law is
    stationary under a sweep; detailed balance holds for each half of it. Runs where its spins and
    its generator are.

    Raises:
        UserError: for a graph that has no two colours.
    """

    def __init__(self, law: PairCouplings) -> None:
        super().__init__(law)
        colours = two_colours(law)
        self.sites = [torch.from_numpy(np.flatnonzero(colours == c)) for c in (0, 1)]

    def run(self, x: Tensor, steps: int, generator: torch.Generator) -> Tensor:
        """Spins ``(n, d)`` so many sweeps later."""
        law, halves = self.law, []
        for sites in self.sites:
            rows = sites.numpy()
            tables = (law.neighbours[rows], law.couplings[rows], law.fields[rows])
            halves.append([sites.to(x.device), *(torch.from_numpy(t).to(x.device) for t in tables)])
        x = x.clone()
        for _ in range(steps):
            for sites, neighbours, couplings, fields in halves:
                total = fields.expand(len(x), -1)
                # One neighbour after the other: all at once would take most memory.
                for others, strengths in zip(neighbours.mT, couplings.mT, strict=True):
                    total = total + strengths * x[:, others]
                up = torch.sigmoid(2 * total / law.temperature)
                u = torch.rand(up.shape, dtype=up.dtype, device=x.device, generator=generator)
                x[:, sites] = torch.where(u < up, 1, -1).to(x.dtype)
        return x


def two_colours(law: PairCouplings) -> np.ndarray:
    """A colour, 0 or 1, for every site, such that no bond joins two of one colour, ``(d,)``.

    Raises:
        UserError: if there are none.
    """
    colours = np.full(law.dim, -1)
    for first in range(law.dim):
        if colours[first] >= 0:
            continue
        colours[first] = 0
        waiting = [first]
        while waiting:
            i = waiting.pop()
            others = law.neighbours[i, law.couplings[i] != 0]
            if (colours[others] == colours[i]).any():
                raise UserError(
                    "got couplings around an odd circle of sites, expected sites of two colours"
                    " without a bond between equal ones: make the ring even, or use Glauber"
                )
            new = others[colours[others] < 0]
            colours[new] = 1 - colours[i]
            waiting.extend(new.tolist())
    return colours
