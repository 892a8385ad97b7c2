"""The Leimkuhler-Matthews step: Euler-Maruyama with noise averaged over two steps."""

import torch
from torch import Tensor

from truescore.simulate.explicit import ExplicitStep


class LeimkuhlerMatthews(ExplicitStep):
    """x' = x - dt grad V(x) + sqrt(2T dt) (z + z')/2: stationary averages err by O(dt^2).

    The limit of the BAOAB method at large friction, exact for a Gaussian law; z' is the next step's
    z. What is carried is y = x - sqrt(2T dt) z/2, which needs no memory:

        x = y + sqrt(2T dt) z/2,    y' = y - dt grad V(x) + sqrt(2T dt) z,

    and ``output`` gives an x. The law of y itself errs by O(dt), and so do moves between wells of
    uneven weight and between temperatures, which act on y; a flip of an even law does not.
    Leimkuhler and Matthews 2013, arXiv 1203.5428; as a postprocessed step, Vilmart 2015, SIAM
    J. Sci. Comput. 37, A201.
    """

    def step(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """From one y to the next."""
        kick = self.kick(x, generator)
        return x - self.dt * self.gradient(x + kick / 2) + kick

    def output(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Points x from y."""
        return x + self.kick(x, generator) / 2
