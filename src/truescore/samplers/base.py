"""The loop over a time grid; what a step does is the subclass's."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor

from truescore.denoisers import Denoiser
from truescore.errors import UserError
from truescore.samplers.grids import Grid, time_grid
from truescore.state_space import Scope, fits

CHUNK = 250
Step = Callable[[Any, Tensor, Tensor, Tensor, torch.Generator], Tensor]


class Sampler(ABC):
    """Draws from the law that a denoiser describes, by steps from the prior at t = T to t = 0.

    Args:
        steps: number of steps, the last of them from t_min to 0.
        grid: ``uniform``, ``quadratic``, ``geometric``, ``log_snr``, ``karras`` or, for reals,
            ``spectral``.
    """

    state_space: ClassVar[Scope]

    def __init__(self, steps: int, grid: Grid) -> None:
        self.steps = steps
        self.grid: Grid = grid

    @property
    @abstractmethod
    def evaluations(self) -> int | None:
        """Denoiser evaluations per sample; ``None`` if they depend on the law."""

    def times(self, denoiser: Any) -> Tensor:
        """The grid ``(steps + 1,)`` from T to 0 on which ``sample`` steps, float64."""
        return time_grid(denoiser.process, self.steps, self.grid)

    def start(self, denoiser: Any, n: int, dim: int, generator: torch.Generator) -> Tensor:
        """Draw ``(n, dim)`` points at t = T."""
        return denoiser.sample_prior(n, dim, generator)

    @abstractmethod
    def step(
        self, denoiser: Any, x_t: Tensor, t: Tensor, s: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Move points ``(n, d)`` from time t to the earlier time s, both of shape ``(n,)``."""

    def begin(self) -> Step:
        """The ``step`` of one path; a method that needs its last evaluations hands it a memory."""
        return self.step

    def path(self, denoiser: Any, x: Tensor, times: Tensor, generator: torch.Generator) -> Tensor:
        """Move points ``(n, d)`` through decreasing times, from the first to the last."""
        step = self.begin()
        for t, s in itertools.pairwise(times):
            x = step(denoiser, x, t.expand(len(x)), s.expand(len(x)), generator)
        return x

    @torch.inference_mode()
    def sample(
        self,
        denoiser: Denoiser,
        n: int,
        dim: int,
        generator: torch.Generator,
        chunk_size: int = CHUNK,
        on_chunk: Callable[[int], None] | None = None,
    ) -> Tensor:
        """Draw ``n`` points ``(n, dim)``.

        Args:
            denoiser: learned or oracle, of this sampler's state space.
            n: number of points.
            dim: number of sites.
            generator: source of all noise; its device is where sampling runs.
            chunk_size: points moved together; chunks that fit the cache are faster. The draws
                depend on it, because the noise is drawn chunk by chunk.
            on_chunk: called with the number of points done, for a progress bar.

        Raises:
            UserError: if the denoiser is of the other state space.
        """
        if not fits(self.state_space, denoiser.state_space):
            raise UserError(
                f"got a denoiser of {denoiser.state_space} values for {type(self).__name__},"
                f" a sampler of {self.state_space} ones: choose another sampler"
            )
        times = self.times(denoiser).float().to(generator.device)
        chunks = []
        for start in range(0, n, chunk_size):
            size = min(chunk_size, n - start)
            x = self.start(denoiser, size, dim, generator)
            chunks.append(self.path(denoiser, x, times, generator))
            if on_chunk is not None:
                on_chunk(size)
        return torch.cat(chunks)
