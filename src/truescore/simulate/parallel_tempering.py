"""Replicas at a ladder of temperatures that trade places."""

import itertools
from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.simulate.integrator import Integrator
from truescore.simulate.metropolis import Acceptance
from truescore.simulate.wrapper import Wrapper


class ParallelTempering(Wrapper):
    """Each chain has a replica at every temperature; hot ones cross barriers and hand this down.

    After each step of all replicas, neighbours i, j on the ladder swap their points with
    probability min(1, exp((1/T_i - 1/T_j) (V(x_i) - V(x_j)))), from the coldest pair up. What is
    carried is ``(K n, d)``, the n coldest first; ``output`` gives the coldest.
    Swendsen and Wang 1986; Geyer 1991.

    Args:
        inner: the integrator at the law's own temperature, the coldest.
        temperatures: those of the hotter replicas, ascending, each above the law's.

    Attributes:
        replicas: the integrators, coldest first.
        swaps: count of accepted swaps of each pair of neighbours.

    Raises:
        UserError: for a ladder that does not ascend from the law's temperature.
    """

    layer = 2

    def __init__(self, inner: Integrator, temperatures: Sequence[float]) -> None:
        super().__init__(inner)
        ladder = [inner.temperature, *temperatures]
        if not temperatures or any(not low < high for low, high in itertools.pairwise(ladder)):
            raise UserError(
                f"got temperatures={list(temperatures)}, expected at least one, ascending from"
                f" above the law's {inner.temperature:g}"
            )
        self.replicas = [inner, *(inner.heated(temperature) for temperature in temperatures)]
        self.swaps = [Acceptance() for _ in temperatures]

    @property
    def gradient_evaluations(self) -> int:
        """Those of all replicas."""
        return sum(replica.gradient_evaluations for replica in self.replicas)

    def start(self, x: Tensor) -> Tensor:
        """All replicas of a chain at its point."""
        return self.inner.start(x).repeat(len(self.replicas), 1)

    def step(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """One step of every replica, then swaps."""
        points = [
            replica.step(points, generator)
            for replica, points in zip(self.replicas, self._split(x), strict=True)
        ]
        energies = [-self.temperature * self.log_density(x) for x in points]
        for i, swap in enumerate(self.swaps):
            j = i + 1
            coldness = 1 / self.replicas[i].temperature - 1 / self.replicas[j].temperature
            accepted = swap.decide(coldness * (energies[i] - energies[j]), generator)
            for values in (points, energies):
                values[i], values[j] = _exchange(accepted, values[i], values[j])
        return torch.cat(points)

    def output(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """The coldest replicas' points, ``(n, d)``."""
        return self.inner.output(self._split(x)[0], generator)

    def heated(self, temperature: float) -> Self:
        """The same hotter replicas above another temperature."""
        hotter = [replica.temperature for replica in self.replicas[1:]]
        return type(self)(self.inner.heated(temperature), hotter)

    def _split(self, x: Tensor) -> tuple[Tensor, ...]:
        if len(x) % len(self.replicas):
            raise UserError(
                f"got {len(x)} points, expected {len(self.replicas)} replicas of each chain:"
                " begin with start"
            )
        return x.chunk(len(self.replicas))


def _exchange(accepted: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    chosen = accepted.reshape(-1, *[1] * (first.ndim - 1))
    return torch.where(chosen, second, first), torch.where(chosen, first, second)
