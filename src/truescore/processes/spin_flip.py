"""Independent spin flips at a uniform rate."""

import torch
from torch import Tensor

from truescore.processes.discrete import by_site
from truescore.processes.jump_schedules import JumpSchedule
from truescore.processes.uniform_jump import UniformJump


class SpinFlip(UniformJump):
    """Every spin flips at rate beta(t): P(x_t^i = x_0^i) = (1 + alpha)/2, alpha = exp(-2 B(t)).

    The uniform jumps of two symbols, -1 and +1; what has two symbols has closed forms in log-odds.

    Args:
        dim: number of spins d.
        tolerance: KL(p_T || uniform) at most, in nats, > 0; it sets the horizon T.
        t_min: smallest time in use, > 0.
        schedule: ``constant``, ``geometric``, ``log_linear`` or ``cosine``.
    """

    state_space = "spin"

    def __init__(
        self,
        dim: int,
        tolerance: float = 0.01,
        t_min: float = 1e-3,
        schedule: JumpSchedule = "constant",
    ) -> None:
        super().__init__(dim, 2, tolerance, t_min, schedule)
        self.symbols = torch.tensor([-1.0, 1.0])

    def flip_probability(self, t: Tensor) -> Tensor:
        """(1 - exp(-2 B))/2, without cancellation at small t."""
        return _flip_probability(self.schedule.value(t))

    def move(self, x_s: Tensor, s: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        """Flip each spin with its probability between s and t; see ``DiscreteProcess.move``."""
        flip = _flip_probability(self.schedule.value(t) - self.schedule.value(s))
        uniform = torch.rand(x_s.shape, device=x_s.device, generator=generator)
        return torch.where(uniform < by_site(flip), -x_s, x_s)

    def describe(self) -> str:
        """The horizon and the bound that chose it."""
        return (
            f"spin flips: t in [{self.t_min:g}, {self.horizon:.4g}],"
            f" KL(p_T || uniform) <= {self.tolerance:g} nats for any law"
        )


def _flip_probability(jumped: Tensor) -> Tensor:
    return -torch.expm1(-2 * jumped) / 2
