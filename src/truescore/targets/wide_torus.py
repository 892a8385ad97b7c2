"""The Ising model on a torus too wide for a transfer matrix."""

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from truescore.targets.kaufman import bond_moments, log_partition

if TYPE_CHECKING:
    from truescore.simulate.spins import PairCouplings

# Chains, and sweeps of each before its first sample and between two: at any temperature a few
# sweeps of clusters forget.
CHAINS, BURN_IN, THIN = 2048, 50, 3
N_REFERENCE = 2**18
SEED = 5_201_314_159
# Rounds by which the mean cluster is found, of so many chains and sweeps.
ROUNDS, PILOTS, PILOT_SWEEPS = 20, 64, 5


class WideTorus:
    """L columns in a ring, each a ring of w spins; the weight of a state is exp(K Q).

    What `Strip` answers, at any size: Z and the moments of Q are exact (Kaufman 1949); samples come
    from Wolff's clusters, and correlations are averages over 2^18 of them and all their
    translations, kept on disk.

    Args:
        width: w, at least 3.
        length: L, at least 3.
        strength: K = J/T; if negative both sides are even, or bonds would be frustrated.
    """

    def __init__(self, width: int, length: int, strength: float) -> None:
        self.width, self.length, self.strength = width, length, strength

    @cached_property
    def log_normalizer(self) -> float:
        """Log Z."""
        strength = torch.tensor(abs(self.strength), dtype=torch.float64)
        return float(log_partition(self.length, self.width, strength))

    @cached_property
    def bond_moments(self) -> tuple[float, float]:
        """E[Q] and Var[Q]."""
        # The flip of every second spin turns the sign of Q.
        mean, variance = bond_moments(self.length, self.width, abs(self.strength))
        return (mean if self.strength > 0 else -mean), variance

    @cached_property
    def correlation(self) -> Tensor:
        """E[x x'] of two spins m columns and r places apart, ``(L, w)``, of the reference set."""
        # Chains know laws, and are asked by this one alone.
        from truescore.simulate import store

        plain = [1, torch.__version__, self.width, self.length, self.strength, N_REFERENCE, SEED]
        name = hashlib.sha256(json.dumps(plain).encode()).hexdigest()[:32]
        stored = store.dataset(
            f"correlation-{name}", self.length, self.width, lambda: [self._measured()]
        )
        return torch.from_numpy(np.array(stored)).double()

    def _measured(self) -> Tensor:
        """The mean power spectrum, back in space: a covariance of all translations of the set."""
        generator = torch.Generator().manual_seed(SEED)
        power = torch.zeros(self.length, self.width, dtype=torch.float64)
        for x in self._rounds(N_REFERENCE, generator):
            power += torch.fft.fft2(x.double()).abs().square().sum(0)
        dim = self.length * self.width
        return torch.fft.ifft2(power / (N_REFERENCE * dim)).real

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """``n`` states of 2048 chains of Wolff's, ``(n, L, w)`` spins, float64."""
        return torch.cat(list(self._rounds(n, generator))).double()

    def _rounds(self, n: int, generator: torch.Generator) -> Iterator[Tensor]:
        """States of all chains, one time after the other, ``n`` in all."""
        from truescore.simulate.spins import Wolff

        chains = Wolff(self._couplings, self._clusters)
        shape = min(n, CHAINS), self.length * self.width
        x = chains.start(2.0 * torch.randint(2, shape, generator=generator) - 1)
        sweeps = BURN_IN
        for first in range(0, n, CHAINS):
            x, sweeps = chains.run(x, sweeps, generator), THIN
            yield x[: n - first].unflatten(1, (self.length, self.width))

    @cached_property
    def _couplings(self) -> "PairCouplings":
        from truescore.simulate.spins import couplings_of_bonds

        site = np.arange(self.length * self.width).reshape(self.length, self.width)
        ends = [np.stack([site, np.roll(site, -1, axis)], -1).reshape(-1, 2) for axis in (0, 1)]
        bonds = np.concatenate(ends)
        return couplings_of_bonds(
            bonds, np.full(len(bonds), self.strength), np.zeros(site.size), 1.0
        )

    @cached_property
    def _clusters(self) -> int:
        """How many hold all spins on average: E[M^2] / d of them each, M the order parameter."""
        from truescore.simulate.spins import Wolff

        dim = self.length * self.width
        order = torch.ones(self.length, self.width)
        if self.strength < 0:
            order[::2, ::2] = order[1::2, 1::2] = -1
        order = order.flatten()
        generator = torch.Generator().manual_seed(SEED)
        x, clusters = order.expand(PILOTS, -1).to(torch.int8), 1
        for _ in range(ROUNDS):
            x = Wolff(self._couplings, clusters).run(x, PILOT_SWEEPS, generator)
            clusters = max(1, round(dim / float((x @ order.to(x)).double().square().mean() / dim)))
        return clusters
