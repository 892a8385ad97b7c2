"""Dynamics that draw data from a law: integrators of dX = -grad V(X) dt + sqrt(2T) dW."""

from truescore.simulate.box import Box
from truescore.simulate.euler_maruyama import EulerMaruyama
from truescore.simulate.global_flip import GlobalFlip
from truescore.simulate.integrator import Integrator
from truescore.simulate.leimkuhler_matthews import LeimkuhlerMatthews
from truescore.simulate.mala import MALA
from truescore.simulate.metropolis import Acceptance
from truescore.simulate.parallel_tempering import ParallelTempering
from truescore.simulate.sine_modes import elastic_preconditioner, sine_modes
from truescore.simulate.strang import Strang, well_flow
from truescore.simulate.tamed_euler import TamedEuler

__all__ = [
    "MALA",
    "Acceptance",
    "Box",
    "EulerMaruyama",
    "GlobalFlip",
    "Integrator",
    "LeimkuhlerMatthews",
    "ParallelTempering",
    "Strang",
    "TamedEuler",
    "elastic_preconditioner",
    "sine_modes",
    "well_flow",
]
