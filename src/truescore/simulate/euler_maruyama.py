"""The explicit Euler-Maruyama step."""

import torch
from torch import Tensor

from truescore.simulate.explicit import ExplicitStep


class EulerMaruyama(ExplicitStep):
    """x' = x - dt grad V(x) + sqrt(2T dt) z: stationary averages err by O(dt).

    Anharmonic forces overflow once |x| is large enough for dt V''(x) > 2.
    """

    def step(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """One explicit step."""
        return x - self.dt * self.gradient(x) + self.kick(x, generator)
