"""Integrators of ODEs and SDEs, one a file."""

from truescore.dynamics.integrators.base import Integrator
from truescore.dynamics.integrators.euler import Euler
from truescore.dynamics.integrators.euler_maruyama import EulerMaruyama
from truescore.dynamics.integrators.exact import Exact
from truescore.dynamics.integrators.heun import Heun
from truescore.dynamics.integrators.milstein import Milstein

__all__ = ["Euler", "EulerMaruyama", "Exact", "Heun", "Integrator", "Milstein"]
