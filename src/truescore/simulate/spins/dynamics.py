"""What every Markov chain of spins offers; what a sweep does is the subclass's."""

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from truescore.simulate.spins.pair_couplings import PairCouplings
from truescore.targets.base import check_spins

# Chains that share a stream of random numbers. The streams, and so the bits, are the same however
# many threads there are to run them.
GROUP = 64

Columns = tuple[np.ndarray, ...]


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

    Attributes:
        graph: neighbours, couplings / T and fields / T, as the compiled functions take them: the
            first two as tuples of ``(d,)``, so that the loop over neighbours is unrolled.
    """

    def __init__(self, law: PairCouplings) -> None:
        super().__init__(law)
        temperature = law.temperature
        self.graph = (
            tuple(np.ascontiguousarray(column) for column in law.neighbours.T),
            tuple(np.ascontiguousarray(column) for column in law.couplings.T / temperature),
            law.fields / temperature,
        )

    @abstractmethod
    def move(self, spins: np.ndarray, steps: int, random: np.random.Generator) -> None:
        """Take spins ``(chains, d)``, int8, so many sweeps further, in place."""

    def run(self, x: Tensor, steps: int, generator: torch.Generator) -> Tensor:
        """Spins ``(n, d)`` so many sweeps later."""
        spins = x.clone().numpy()
        groups = [spins[first : first + GROUP] for first in range(0, len(spins), GROUP)]
        seed = int(torch.randint(2**63 - 1, (), generator=generator))
        streams = np.random.SeedSequence(seed).spawn(len(groups))

        def move(group: np.ndarray, stream: np.random.SeedSequence) -> None:
            self.move(group, steps, np.random.Generator(np.random.PCG64(stream)))

        with ThreadPoolExecutor(torch.get_num_threads()) as threads:
            list(threads.map(move, groups, streams))
        return torch.from_numpy(spins)
