"""Independent spin flips at a uniform rate."""

import math

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.processes.base import Process


class SpinFlip(Process):
    """Every spin flips at unit rate: P(x_t^i = x_0^i) = (1 + alpha)/2, alpha(t) = exp(-2 t).

    The horizon follows from how close to uniform the last law must be. Each flip channel contracts
    relative entropy to uniform by alpha^2 (strong data processing), whatever the law, so
    KL(p_T || uniform) <= alpha(T)^2 d log 2, and T is the smallest that makes this ``tolerance``.

    Args:
        dim: number of spins d.
        tolerance: bound on KL(p_T || uniform) in nats, > 0.
        t_min: smallest time in use, > 0.
    """

    state_space = "spin"

    def __init__(self, dim: int, tolerance: float = 0.01, t_min: float = 1e-3) -> None:
        if not 0 < tolerance < dim * math.log(2):
            raise UserError(f"got tolerance={tolerance}, expected 0 < tolerance < d log 2 nats")
        self.dim = dim
        self.tolerance = tolerance
        self.horizon = math.log(dim * math.log(2) / tolerance) / 4
        if not 0 < t_min < self.horizon:
            raise UserError(f"got t_min={t_min}, expected inside (0, T = {self.horizon:g})")
        self.t_min = t_min

    def alpha(self, t: Tensor) -> Tensor:
        """E[x_t^i x_0^i] = exp(-2 t)."""
        return (-2 * t).exp()

    def flip_probability(self, t: Tensor) -> Tensor:
        """(1 - exp(-2 t))/2, without cancellation at small t."""
        return -torch.expm1(-2 * t) / 2

    def evidence(self, t: Tensor) -> Tensor:
        """Log-likelihood ratio that a noisy spin carries for its clean one, log((1+a)/(1-a))."""
        p = self.flip_probability(t)
        return torch.log1p(-p) - p.log()

    def log_snr(self, t: Tensor) -> Tensor:
        """log(alpha^2 / (1 - alpha^2))."""
        return -4 * t - (-torch.expm1(-4 * t)).log()

    def time_from_log_snr(self, log_snr: Tensor) -> Tensor:
        """T = log(1 + exp(-log_snr)) / 4."""
        return torch.nn.functional.softplus(-log_snr) / 4

    def perturb(self, x_0: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        """Flip each spin with its probability at time t; see ``Process.perturb``."""
        uniform = torch.rand(x_0.shape, device=x_0.device, generator=generator)
        return torch.where(uniform < self.flip_probability(t)[:, None], -x_0, x_0)

    def sample_prior(self, n: int, dim: int, generator: torch.Generator) -> Tensor:
        """Uniform spins."""
        bits = torch.randint(2, (n, dim), generator=generator, device=generator.device)
        return 2.0 * bits - 1

    def describe(self) -> str:
        """The horizon and the bound that chose it."""
        return (
            f"spin flips: t in [{self.t_min:g}, {self.horizon:.4g}],"
            f" KL(p_T || uniform) <= {self.tolerance:g} nats for any law"
        )
