"""The Metropolis-adjusted Langevin algorithm."""

import math
from typing import Any, Self

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.simulate.integrator import Integrator
from truescore.simulate.metropolis import Acceptance


class MALA(Integrator):
    """Euler-Maruyama proposals, accepted so that the law is stationary whatever dt is.

    y = x - dt M grad V(x) + sqrt(2T dt) S z with M = S S'. The noise that would lead back from y to
    x is w = -z + sqrt(dt/2T) S' (grad V(x) + grad V(y)), so y is accepted with probability
    min(1, p(y) exp(|z|^2/2 - |w|^2/2) / p(x)).
    Roberts and Tweedie 1996, Bernoulli 2, 341.

    Args:
        law: see ``Integrator``.
        dt: length of a step; large ones are rejected.
        preconditioner: M, symmetric positive definite, ``(d, d)``; the identity by default,
            ``elastic_preconditioner(law)`` for the slow modes of a chain.

    Attributes:
        acceptance: count of accepted proposals; a ``rate`` near 0.57 moves farthest in many
            dimensions (Roberts and Rosenthal 1998).
    """

    def __init__(self, law: Any, dt: float, preconditioner: Tensor | None = None) -> None:
        super().__init__(law, dt)
        if preconditioner is None:
            preconditioner = torch.eye(law.dim)
        self.factor = _factor(preconditioner.double(), law.dim)
        self.acceptance = Acceptance()

    @property
    def gradient_evaluations(self) -> int:
        """Two: at the point and at the proposal."""
        return 2

    @property
    def exact(self) -> bool:
        """The law is stationary."""
        return True

    def step(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Propose, and accept or stay."""
        y, log_ratio = self.propose(x, self.noise(x, generator))
        return torch.where(self.acceptance.decide(log_ratio, generator)[:, None], y, x)

    def propose(self, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """The proposal ``(n, d)`` that noise z leads to, and the log of its Metropolis ratio."""
        here = self.gradient(x) @ self.factor
        move = math.sqrt(2 * self.temperature * self.dt) * z - self.dt * here
        y = x + move @ self.factor.mT
        there = self.gradient(y) @ self.factor
        back = math.sqrt(self.dt / (2 * self.temperature)) * (here + there) - z
        towards = (z**2 - back**2).sum(-1) / 2
        return y, self.log_density(y) - self.log_density(x) + towards

    def heated(self, temperature: float) -> Self:
        """The same at another temperature, with a count of its own."""
        other = super().heated(temperature)
        other.acceptance = Acceptance()
        return other


def _factor(preconditioner: Tensor, dim: int) -> Tensor:
    if preconditioner.shape != (dim, dim):
        raise UserError(
            f"got a preconditioner of shape {tuple(preconditioner.shape)}, expected ({dim}, {dim})"
        )
    factor, failed = torch.linalg.cholesky_ex(preconditioner)
    if failed or not torch.allclose(preconditioner, preconditioner.mT):
        raise UserError("got a preconditioner that is not symmetric positive definite: mend it")
    return factor
