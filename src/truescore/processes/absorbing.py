"""Sites that are masked, one after the other."""

import math

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.processes.discrete import DiscreteProcess, by_site
from truescore.processes.jump_schedules import JumpSchedule


class Absorbing(DiscreteProcess):
    """A site is masked at rate beta(t) and stays so: it is its old self with probability e^(-B(t)).

    The mask is 0 for spins and q for states 0 .. q-1. Samplers start from masks alone; of x_T an
    expected ``tolerance`` sites are not masked yet, which bounds the total variation between the
    two. Austin et al. 2021, arXiv 2107.03006; Lou et al. 2024, arXiv 2310.16834.

    Args:
        dim: number of sites d.
        n_states: q; 2 and ``spins`` for spins.
        spins: whether data are -1 and +1.
        tolerance: expected number of sites not masked at T, > 0.
        t_min: smallest time in use, > 0.
        schedule: ``constant``, ``geometric``, ``log_linear`` or ``cosine``.
    """

    def __init__(
        self,
        dim: int,
        n_states: int = 2,
        spins: bool = True,
        tolerance: float = 0.01,
        t_min: float = 1e-3,
        schedule: JumpSchedule = "log_linear",
    ) -> None:
        if not 0 < tolerance < dim:
            raise UserError(f"got tolerance={tolerance}, expected 0 < tolerance < d sites")
        if spins and n_states != 2:
            raise UserError(f"got n_states={n_states} of spins, expected 2: or set spins=false")
        self.state_space = "spin" if spins else "categorical"
        self.n_states = n_states
        self.dim = dim
        self.tolerance = tolerance
        values = [-1.0, 1.0, 0.0] if spins else list(range(n_states + 1))
        self.symbols = torch.tensor(values, dtype=torch.float32)
        super().__init__(math.log(dim / tolerance), t_min, schedule)

    def alpha(self, t: Tensor) -> Tensor:
        """Probability that a site is not masked, exp(-B(t))."""
        return (-self.schedule.value(t)).exp()

    def log_kernel(self, jumped: Tensor) -> Tensor:
        """Log of exp(B Q); see ``DiscreteProcess``."""
        m = self.n_states + 1
        stay = jumped.new_full((m, m), -math.inf).fill_diagonal_(0.0)
        log_kernel = stay - jumped[..., None, None]
        log_kernel[..., :-1, -1] = (-torch.expm1(-jumped)).log()[..., None]
        log_kernel[..., -1, -1] = 0.0
        return log_kernel

    def generator(self) -> Tensor:
        """Rate one from every symbol to the mask."""
        m = self.n_states + 1
        rates = -torch.eye(m, dtype=torch.float64)
        rates[:, -1] += 1
        return rates

    def evidence(self, t: Tensor) -> Tensor:
        """Infinite: a symbol that is not masked is what it was."""
        return torch.full_like(t, math.inf)

    def reverse_rate_bound(self, t: Tensor) -> Tensor:
        """1 / (e^B - 1), the rate itself: a mask knows when it goes, though not for what."""
        return 1 / torch.expm1(self.schedule.value(t))

    def clock_per_log_snr(self, t: Tensor) -> Tensor:
        """1 - alpha."""
        return -torch.expm1(-self.schedule.value(t))

    def prior(self) -> Tensor:
        """Masks."""
        return torch.nn.functional.one_hot(torch.tensor(self.n_states)).double()

    def masked_weight(self, x_t: Tensor, t: Tensor) -> Tensor:
        """[x_t^i is masked] / (1 - alpha), ``(n, d)``: of mean 1 whatever the site was."""
        masked = self.index(x_t) == self.n_states
        return masked / -torch.expm1(-self.schedule.value(by_site(t)))

    def log_snr(self, t: Tensor) -> Tensor:
        """log(alpha / (1 - alpha))."""
        jumped = self.schedule.value(t)
        return -jumped - (-torch.expm1(-jumped)).log()

    def time_from_log_snr(self, log_snr: Tensor) -> Tensor:
        """B = log(1 + exp(-log_snr))."""
        return self.schedule.inverse(torch.nn.functional.softplus(-log_snr))

    def at_one_time(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """1: a mask tells nothing and a symbol all, whatever its time."""
        return torch.ones_like(t), self.schedule.inverse(self.schedule.value(t).mean(1))

    def describe(self) -> str:
        """The horizon and what is left at it."""
        return (
            f"masking: t in [{self.t_min:g}, {self.horizon:.4g}], {self.tolerance:g} sites expected"
            " without a mask at the end"
        )
