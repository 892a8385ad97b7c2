"""Sites that jump to every other symbol at the same rate."""

import math

import torch
from scipy.optimize import root_scalar
from torch import Tensor

from truescore.errors import UserError
from truescore.processes.discrete import DiscreteProcess
from truescore.processes.jump_schedules import JumpSchedule


class UniformJump(DiscreteProcess):
    """Q = 11' - q I: a site is its old self with probability (1 + (q-1) alpha)/q, alpha = e^(-qB).

    KL(p_T || uniform) is at most that of the worst law, one certain state (relative entropy is
    convex): d KL(K(0, .) || uniform), in which nothing is a bound. T is where it is ``tolerance``.

    Args:
        dim: number of sites d.
        n_states: q, values 0 .. q-1.
        tolerance: KL(p_T || uniform) at most, in nats, > 0.
        t_min: smallest time in use, > 0.
        schedule: ``constant``, ``geometric``, ``log_linear`` or ``cosine``.
    """

    state_space = "categorical"

    def __init__(
        self,
        dim: int,
        n_states: int,
        tolerance: float = 0.01,
        t_min: float = 1e-3,
        schedule: JumpSchedule = "constant",
    ) -> None:
        if not 0 < tolerance < dim * math.log(n_states):
            raise UserError(
                f"got tolerance={tolerance}, expected 0 < tolerance < d log {n_states} nats"
            )
        self.n_states = n_states
        self.dim = dim
        self.tolerance = tolerance
        self.symbols = torch.arange(n_states, dtype=torch.float32)
        found = root_scalar(lambda a: row_kl(a, n_states) - tolerance / dim, bracket=(-300, 0))
        super().__init__(-found.root / n_states, t_min, schedule)

    def alpha(self, t: Tensor) -> Tensor:
        """Correlation of a site with its clean self, exp(-q B(t))."""
        return (-self.n_states * self.schedule.value(t)).exp()

    def log_kernel(self, jumped: Tensor) -> Tensor:
        """Log of exp(B Q); see ``DiscreteProcess``."""
        q = self.n_states
        moved = -torch.expm1(-q * jumped) / q
        eye = torch.eye(q, dtype=torch.bool, device=jumped.device)
        stay, leave = torch.log1p(-(q - 1) * moved), moved.log()
        return torch.where(eye, stay[..., None, None], leave[..., None, None])

    def generator(self) -> Tensor:
        """Q = 11' - q I."""
        ones = torch.ones(self.n_states, self.n_states, dtype=torch.float64)
        return ones - self.n_states * torch.eye(self.n_states, dtype=torch.float64)

    def evidence(self, t: Tensor) -> Tensor:
        """log((1 + (q-1) alpha) / (1 - alpha)), without cancellation where alpha is small."""
        return torch.log1p(self.n_states / torch.expm1(self.n_states * self.schedule.value(t)))

    def reverse_rate_bound(self, t: Tensor) -> Tensor:
        """(q - 1 + alpha) / (1 - alpha): of a site that can hardly be what it is."""
        lost = -torch.expm1(-self.n_states * self.schedule.value(t))
        return self.n_states / lost - 1

    def clock_per_log_snr(self, t: Tensor) -> Tensor:
        """(1 - alpha^2) / 2q."""
        return -torch.expm1(-2 * self.n_states * self.schedule.value(t)) / (2 * self.n_states)

    def prior(self) -> Tensor:
        """Uniform."""
        return torch.full((self.n_states,), 1 / self.n_states, dtype=torch.float64)

    def at_one_time(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """alpha_i / a at the mean B, where alpha is a, the geometric mean of the alpha_i.

        A symbol tells P(x_t^i | x_0^i) = (1 + alpha_i (q [x_t^i = x_0^i] - 1))/q, a function of
        alpha_i times what does not depend on time.
        """
        jumped = self.schedule.value(t)
        mean = jumped.mean(1)
        return (self.n_states * (mean[:, None] - jumped)).exp(), self.schedule.inverse(mean)

    def log_snr(self, t: Tensor) -> Tensor:
        """log(alpha^2 / (1 - alpha^2))."""
        jumped = 2 * self.n_states * self.schedule.value(t)
        return -jumped - (-torch.expm1(-jumped)).log()

    def time_from_log_snr(self, log_snr: Tensor) -> Tensor:
        """B = log(1 + exp(-log_snr)) / 2q."""
        jumped = torch.nn.functional.softplus(-log_snr) / (2 * self.n_states)
        return self.schedule.inverse(jumped)

    def describe(self) -> str:
        """The horizon and the bound that chose it."""
        return (
            f"uniform jumps of {self.n_states} states: t in [{self.t_min:g}, {self.horizon:.4g}],"
            f" KL(p_T || uniform) <= {self.tolerance:g} nats for any law"
        )


def row_kl(log_alpha: float, q: int) -> float:
    """KL of a site that was one certain state to the uniform law."""
    alpha = math.exp(log_alpha)
    return (_xlogx_less((q - 1) * alpha) + (q - 1) * _xlogx_less(-alpha)) / q


def _xlogx_less(e: float) -> float:
    """(1 + e) log(1 + e) - e without cancellation."""
    if abs(e) < 1e-3:
        return e**2 / 2 - e**3 / 6 + e**4 / 12
    return (1 + e) * math.log1p(e) - e if e > -1 else 1.0
