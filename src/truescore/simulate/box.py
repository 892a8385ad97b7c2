"""Langevin dynamics inside a box."""

from typing import Literal

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.simulate.integrator import Integrator
from truescore.simulate.wrapper import Wrapper

Rule = Literal["reflecting", "rejecting"]


class Box(Wrapper):
    """Keeps every site in [-L, L].

    ``reflecting`` folds a site that left back at the wall, as light between mirrors; ``rejecting``
    lets a chain of which any site left stay where it was, which is exact around MALA.

    Args:
        inner: the integrator to keep inside.
        half_width: L > 0.
        rule: ``reflecting`` or ``rejecting``.

    Raises:
        UserError: for another rule, an L that is not positive, or mirrors around an exact
            integrator, which they would make inexact.
    """

    layer = 0

    def __init__(self, inner: Integrator, half_width: float, rule: Rule) -> None:
        super().__init__(inner)
        if not half_width > 0:
            raise UserError(f"got half_width={half_width}, expected > 0: raise it")
        if rule not in ("reflecting", "rejecting"):
            raise UserError(f"got rule={rule!r}, expected reflecting or rejecting")
        if rule == "reflecting" and inner.exact:
            raise UserError(
                f"got mirrors around {type(inner).__name__}, which would no longer be exact:"
                " choose rule=rejecting"
            )
        self.half_width = half_width
        self.rule: Rule = rule

    def start(self, x: Tensor) -> Tensor:
        """Points, which must lie in the box."""
        outside = int((x.abs() > self.half_width).any(-1).sum())
        if outside:
            raise UserError(
                f"got {outside} of {len(x)} chains that start outside [-{self.half_width:g},"
                f" {self.half_width:g}]: clip them, or widen the box"
            )
        # What is rounded to float32 may lie a little beyond the wall that it stands at.
        return self.inner.start(x.double().clamp(-self.half_width, self.half_width))

    def step(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """One step of the inner integrator, kept inside."""
        return self._inside(self.inner.step(x, generator), x)

    def output(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """The inner integrator's, kept inside."""
        return self._inside(self.inner.output(x, generator), x)

    def _inside(self, moved: Tensor, x: Tensor) -> Tensor:
        width = self.half_width
        if self.rule == "reflecting":
            return ((moved - width).remainder(4 * width) - 2 * width).abs() - width
        stay = (moved.abs() > width).any(-1, keepdim=True)
        return torch.where(stay, x, moved)
