"""Jumps between a well and its mirror image."""

from typing import Self

import torch
from torch import Tensor

from truescore.simulate.integrator import Integrator
from truescore.simulate.metropolis import Acceptance
from truescore.simulate.wrapper import Wrapper


class GlobalFlip(Wrapper):
    """After each step, propose x -> -x with probability 1/2 and accept by the Metropolis rule.

    An even law accepts every flip, so that each step draws the sign of the whole chain afresh.

    Args:
        inner: the integrator that moves within the wells.

    Attributes:
        acceptance: count of accepted flips.
    """

    layer = 1

    def __init__(self, inner: Integrator) -> None:
        super().__init__(inner)
        self.acceptance = Acceptance()

    def step(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """One step of the inner integrator, then a flip of about half of the chains."""
        x = self.inner.step(x, generator)
        proposed = torch.rand(len(x), generator=generator, device=x.device) < 0.5
        flipped, candidates = x.clone(), x[proposed]
        log_ratio = self.log_density(-candidates) - self.log_density(candidates)
        accepted = self.acceptance.decide(log_ratio, generator)[:, None]
        flipped[proposed] = torch.where(accepted, -candidates, candidates)
        return flipped

    def heated(self, temperature: float) -> Self:
        """The same at another temperature, with a count of its own."""
        other = super().heated(temperature)
        other.acceptance = Acceptance()
        return other
