"""What every Markov chain of spins offers; what a sweep does is the subclass's."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from truescore.simulate.spins.pair_couplings import PairCouplings
from truescore.targets.base import check_spins

# Chains that share a stream of random numbers. The streams, and so the bits, are the same however
# many threads there are to run them.
GROUP = 64


class SpinDynamics(ABC):
    """Sweeps over chains of spins, which leave exp(-V/T)/Z as it is; time is counted in sweeps.

    Args:
        law: couplings, fields and temperature.
    """

    dt: float = 1.0

    def __init__(self, law: PairCouplings) -> None:
        self.law = law

    def start(self, x: Tensor) -> Tensor:
        """Spins ``(n, d)`` as they are carried: int8."""
        check_spins(x, self.law.dim)
        return x.to(torch.int8)

    @abstractmethod
    def run(self, x: Tensor, steps: int, generator: torch.Generator) -> Tensor:
        """Spins ``(n, d)`` so many sweeps later."""

    def output(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Spins ``(n, d)``, float32."""
        return x.float()


class CompiledDynamics(SpinDynamics):
    """Sweeps compiled by numba, a group of chains at a time on as many threads as torch has.

    The kernel is called as ``kernel(spins, updates, neighbours, couplings / T, fields / T, random)``
    with spins ``(chains, d)`` int8, which it changes in place, and a numpy generator.
    """

    kernel: ClassVar[Callable[..., None]]

    @property
    def updates(self) -> int:
        """Updates of a chain in a sweep."""
        return self.law.dim

    def run(self, x: Tensor, steps: int, generator: torch.Generator) -> Tensor:
        """Spins ``(n, d)`` so many sweeps later."""
        spins = x.clone().numpy()
        groups = [spins[first : first + GROUP] for first in range(0, len(spins), GROUP)]
        seed = int(torch.randint(2**63 - 1, (), generator=generator))
        streams = np.random.SeedSequence(seed).spawn(len(groups))
        law = self.law
        arrays: tuple[Any, ...] = (
            law.neighbours,
            law.couplings / law.temperature,
            law.fields / law.temperature,
        )

        def sweep(group: np.ndarray, stream: np.random.SeedSequence) -> None:
            random = np.random.Generator(np.random.PCG64(stream))
            type(self).kernel(group, steps * self.updates, *arrays, random)

        with ThreadPoolExecutor(torch.get_num_threads()) as threads:
            list(threads.map(sweep, groups, streams))
        return torch.from_numpy(spins)
