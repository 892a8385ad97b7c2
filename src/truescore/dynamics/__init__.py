"""Stochastic and ordinary differential equations, forward in their own time, and integrators."""

from truescore.dynamics.base import ODE, SDE, AdditiveSDE
from truescore.dynamics.geometric_brownian import GeometricBrownianMotion
from truescore.dynamics.integrators import (
    Euler,
    EulerMaruyama,
    Exact,
    Heun,
    Integrator,
    Milstein,
)
from truescore.dynamics.langevin import OverdampedLangevin
from truescore.dynamics.linear import BrownianMotion, LinearSDE, OrnsteinUhlenbeck
from truescore.dynamics.noised_law import NoisedLaw
from truescore.dynamics.probability_flow import ProbabilityFlow
from truescore.dynamics.simulation import brownian_increments, coarsened, integrate, simulate
from truescore.dynamics.unadjusted import UnadjustedLangevin

__all__ = [
    "ODE",
    "SDE",
    "AdditiveSDE",
    "BrownianMotion",
    "Euler",
    "EulerMaruyama",
    "Exact",
    "GeometricBrownianMotion",
    "Heun",
    "Integrator",
    "LinearSDE",
    "Milstein",
    "NoisedLaw",
    "OrnsteinUhlenbeck",
    "OverdampedLangevin",
    "ProbabilityFlow",
    "UnadjustedLangevin",
    "brownian_increments",
    "coarsened",
    "integrate",
    "simulate",
]
