"""Heun's rule, for ODEs and for Ito SDEs with diagonal noise."""

from torch import Tensor

from truescore.dynamics.base import SDE
from truescore.dynamics.integrators.base import AnyDynamics


class Heun(AnyDynamics):
    """A predictor, then the average of both ends; two evaluations a step.

        y = x_t + A(x_t) (s - t) + b(x_t) dW,
        x_s = x_t + (A(x_t) + A(y))/2 (s - t) + (b(x_t) + b(y))/2 dW,    dW = W_s - W_t.

    The average over the noise makes this rule converge to the Stratonovich solution, so it is given
    the drift A = a - b b'/2 whose Stratonovich solution is the Ito solution of a. Without noise,
    Heun's rule of order 2; with additive noise, weak order 2 and strong order 1; with diagonal
    noise, strong and weak order 1. Ruemelin 1982, SIAM J. Numer. Anal. 19, 604; Kloeden and Platen
    1992, section 15.1.
    """

    def step(self, dynamics: SDE, x: Tensor, t: Tensor, s: Tensor, increment: Tensor) -> Tensor:
        """One step; see ``Integrator.step``."""
        drift, diffusion = _stratonovich(dynamics, x, t)
        predicted = x + drift * (s - t) + diffusion * increment
        drift_there, diffusion_there = _stratonovich(dynamics, predicted, s)
        drift, diffusion = (drift + drift_there) / 2, (diffusion + diffusion_there) / 2
        return x + drift * (s - t) + diffusion * increment


def _stratonovich(dynamics: SDE, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """The drift a - b b'/2 and the diffusion b."""
    diffusion = dynamics.diffusion(x, t)
    return dynamics.drift(x, t) - diffusion * dynamics.diffusion_slope(x, t) / 2, diffusion
