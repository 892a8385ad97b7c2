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
        return -torch.expm1(-2 * self.schedule.value(t)) / 2

    def evidence(self, t: Tensor) -> Tensor:
        """Log-likelihood ratio that a noisy spin carries for its clean one, log((1+a)/(1-a))."""
        p = self.flip_probability(t)
        return torch.log1p(-p) - p.log()

    def perturb(self, x_0: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        """Flip each spin with its probability at time t; see ``Process.perturb``."""
        uniform = torch.rand(x_0.shape, device=x_0.device, generator=generator)
        return torch.where(uniform < by_site(self.flip_probability(t)), -x_0, x_0)

    def describe(self) -> str:
        """The horizon and the bound that chose it."""
        return (
            f"spin flips: t in [{self.t_min:g}, {self.horizon:.4g}],"
            f" KL(p_T || uniform) <= {self.tolerance:g} nats for any law"
        )
