"""The least an integrator must be, for tests of what stands around it."""

import torch

from truescore.errors import UserError


class PlainEuler:
    """x' = x + T score(x) dt + sqrt(2T dt) z."""

    exact = False

    def __init__(self, law, dt):
        self.law = law
        self.dt = dt
        self.temperature = getattr(law, "temperature", 1.0)

    def start(self, x):
        return x.double()

    def output(self, x, generator):
        return x

    def run(self, x, steps, generator):
        for _ in range(steps):
            z = torch.randn(x.shape, dtype=x.dtype, generator=generator)
            kick = (2 * self.temperature * self.dt) ** 0.5 * z
            x = x + self.dt * self.temperature * self.law.score(x) + kick
        if not x.isfinite().all():
            raise UserError(f"got chains that diverged with dt={self.dt}: lower dt")
        return x


class OrnsteinUhlenbeck:
    """Exact steps of dX = -X dt + sqrt(2) dW on R^d: N(0, I) is stationary, AR(1) in every site."""

    def __init__(self, dt):
        self.dt = dt

    def start(self, x):
        return x.double()

    def output(self, x, generator):
        return x

    def run(self, x, steps, generator):
        decay = torch.exp(torch.tensor(-self.dt * steps, dtype=torch.float64))
        z = torch.randn(x.shape, dtype=x.dtype, generator=generator)
        return decay * x + (1 - decay**2).sqrt() * z
