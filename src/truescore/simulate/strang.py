"""A splitting of the Ginzburg-Landau chain into two exact parts."""

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.simulate.integrator import Integrator
from truescore.simulate.sine_modes import sine_modes
from truescore.targets import GinzburgLandauChain


class Strang(Integrator):
    """Half a step of the wells, a step of the bonds with the noise, half a step of the wells.

    Both parts are solved exactly: the wells by ``well_flow``, the bonds with the noise as an
    Ornstein-Uhlenbeck process in the sine modes. So no step is unstable and none overflows;
    stationary averages err by O(dt^2). Strang 1968.

    Args:
        law: a ``GinzburgLandauChain``.
        dt: length of a step.

    Raises:
        UserError: for another law.
    """

    law: GinzburgLandauChain

    def __init__(self, law: GinzburgLandauChain, dt: float) -> None:
        super().__init__(law, dt)
        if not isinstance(law, GinzburgLandauChain):
            raise UserError(
                f"got {type(law).__name__} for Strang, which splits a GinzburgLandauChain only:"
                " choose LeimkuhlerMatthews or MALA"
            )
        curvatures, self.modes = sine_modes(law.dim, law.lam)
        self.decay = (-curvatures * dt).exp()
        self.spread = (-torch.expm1(-2 * curvatures * dt) / curvatures).sqrt()

    @property
    def gradient_evaluations(self) -> int:
        """The two half steps cost about as much as one gradient."""
        return 1

    def step(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Wells, bonds, wells."""
        x = well_flow(x, self.dt / 2, self.law.lam)
        amplitudes = self.decay * (x @ self.modes)
        amplitudes += self.temperature**0.5 * self.spread * self.noise(x, generator)
        return well_flow(amplitudes @ self.modes.mT, self.dt / 2, self.law.lam)


def well_flow(x: Tensor, time: float, lam: float) -> Tensor:
    """Solution at time t of dx/dt = x (1 - x^2)/lam: x / sqrt(q + (1 - q) x^2), q = e^(-2t/lam)."""
    # Beyond, q underflows and 0/0 would follow; the flow has long ended.
    rate = torch.tensor(max(-2 * time / lam, -700.0), dtype=x.dtype)
    return x / (rate.exp() - torch.expm1(rate) * x**2).sqrt()
