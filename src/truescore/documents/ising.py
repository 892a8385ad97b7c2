"""The study of the Ising ring as it was written: its forward trajectories and its sampler."""

from collections import deque
from collections.abc import Iterator

import torch
from torch import Tensor

from truescore.denoisers import DiscreteDenoiser
from truescore.processes import DiscreteProcess, SpinFlip
from truescore.processes.uniform_jump import row_kl
from truescore.samplers import JumpEuler
from truescore.samplers.grids import Grid
from truescore.samplers.jumps import log_law_of_leaving, log_rates

HORIZON = 1.0


class FlipsAsWritten(SpinFlip):
    """Unit-rate flips up to T = 1, whatever is left of the data then: e^-2 of each spin.

    The first layer of a trajectory, which is served as data, is an alias of the array that is then
    flipped in place: it holds the final noise.
    """

    def __init__(self, dim: int, t_min: float = 1e-3) -> None:
        super().__init__(dim, dim * row_kl(-2 * HORIZON, 2), t_min)

    def trajectory(
        self, x_0: Tensor, times: Tensor, generator: torch.Generator
    ) -> Iterator[Tensor]:
        """Points at each time, the first of them those of the last."""
        state = generator.get_state()
        (noise,) = deque(super().trajectory(x_0, times, generator), maxlen=1)
        generator.set_state(state)
        for k, x_t in enumerate(super().trajectory(x_0, times, generator)):
            yield x_t if k else noise


class EulerAsWritten(JumpEuler):
    """Euler's rule in steps of h = T / ``steps``, one of them too many.

    It steps at t = T, T - h, ..., h and once more where the data are (at t_min, as networks see log
    t), from data that are already there.
    """

    def __init__(self, steps: int = 200, grid: Grid = "uniform") -> None:
        super().__init__(steps, grid)

    @property
    def evaluations(self) -> int:
        """One a step, and one too many."""
        return self.steps + 1

    def times(self, denoiser: DiscreteDenoiser) -> Tensor:
        """T, T - h, ..., h, t_min, 0, float64."""
        process = denoiser.process
        times = process.horizon * torch.arange(self.steps, -1, -1, dtype=torch.float64) / self.steps
        times[-1] = min(process.t_min, float(times[-2]) / 2)
        return torch.cat([times, torch.zeros(1, dtype=torch.float64)])

    def log_transition(
        self, denoiser: DiscreteDenoiser, x_t: Tensor, t: Tensor, s: Tensor
    ) -> Tensor:
        """Flip with probability R h, in the last step too."""
        clean = denoiser.clean_log_probs(x_t, t)
        return self.log_law(denoiser.process, clean, x_t, t, s)

    def log_law(
        self, process: DiscreteProcess, clean: Tensor, x_t: Tensor, t: Tensor, s: Tensor
    ) -> Tensor:
        """Reverse rates times h."""
        h = process.horizon / self.steps
        return log_law_of_leaving(process, log_rates(process, clean, x_t, t).exp() * h, x_t)
