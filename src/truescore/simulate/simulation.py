"""Parallel chains of an integrator, thinned into samples."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from truescore.errors import UserError

# Steps between two calls of ``on_block``.
STRIDE = 100


class Dynamics(Protocol):
    """What is asked of an integrator; see ``truescore.simulate.integrator.Integrator``."""

    dt: float

    def start(self, x: Tensor) -> Tensor:
        """What is carried from points ``(n, d)``."""
        ...

    def run(self, x: Tensor, steps: int, generator: torch.Generator) -> Tensor:
        """What is carried some steps later; ``UserError`` if a chain diverges."""
        ...

    def output(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Points ``(n, d)`` from what is carried."""
        ...


@dataclass(frozen=True)
class Simulation:
    """Chains run side by side, ``burn_in`` thrown away, a sample kept of each every ``thin``.

    Samples come round by round: row i is of chain i mod ``n_chains``, so that the rows of one chain
    are correlated and those of different chains are independent. Times are those of the integrator:
    a smaller dt takes more steps through the same time.

    Attributes:
        integrator: the dynamics.
        n_chains: chains, at least 1; no more than samples are ever run.
        burn_in: time from the start to the first sample, >= 0.
        thin: time between two samples of a chain, > 0.
    """

    integrator: Dynamics
    n_chains: int
    burn_in: float
    thin: float

    def __post_init__(self) -> None:
        if self.n_chains < 1:
            raise UserError(f"got n_chains={self.n_chains}, expected at least 1: raise it")
        if not 0 <= self.burn_in < math.inf:
            raise UserError(f"got burn_in={self.burn_in}, expected >= 0: raise it")
        if not 0 < self.thin < math.inf:
            raise UserError(f"got thin={self.thin}, expected > 0: raise it")

    @property
    def burn_in_steps(self) -> int:
        """Steps before the first sample."""
        return self._steps(self.burn_in)

    @property
    def thin_steps(self) -> int:
        """Steps between two samples of a chain."""
        return max(1, self._steps(self.thin))

    def n_steps(self, n: int) -> int:
        """Steps that each chain takes for ``n`` samples in all."""
        rounds = math.ceil(n / self.chains(n))
        return self.burn_in_steps + (rounds - 1) * self.thin_steps

    def chains(self, n: int) -> int:
        """Chains that are run for ``n`` samples."""
        return min(self.n_chains, n)

    def blocks(
        self,
        n: int,
        dim: int,
        generator: torch.Generator,
        start: Tensor | None = None,
        on_block: Callable[[int], None] | None = None,
    ) -> Iterator[Tensor]:
        """Yield ``n`` samples, a round of all chains at a time, ``(chains, d)`` float32.

        Args:
            n: samples in all; the last round is cut to fit.
            dim: number of sites d.
            generator: of the start and of the noise.
            start: first points, ``(chains(n), d)``; ``None`` for N(0, I).
            on_block: called with the number of steps taken since the last call.

        Raises:
            UserError: if n is not positive, the start has another shape, or a chain diverges.
        """
        if n < 1:
            raise UserError(f"got n={n} samples, expected at least 1: raise it")
        shape = (self.chains(n), dim)
        if start is None:
            start = torch.randn(shape, dtype=torch.float64, generator=generator)
        if start.shape != shape:
            raise UserError(f"got a start of shape {tuple(start.shape)}, expected {shape}")
        x = self.integrator.start(start)
        for first in range(0, n, len(start)):
            steps = self.thin_steps if first else self.burn_in_steps
            for piece in range(0, steps, STRIDE):
                taken = min(STRIDE, steps - piece)
                x = self.integrator.run(x, taken, generator)
                if on_block is not None:
                    on_block(taken)
            yield self.integrator.output(x, generator)[: n - first].float()

    def _steps(self, time: float) -> int:
        # A quotient of decimals, such as 0.3 / 0.1, may miss a whole number by rounding.
        return math.ceil(time / self.integrator.dt * (1 - 1e-12))
