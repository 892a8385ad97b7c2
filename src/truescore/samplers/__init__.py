"""Samplers take a denoiser and nothing else; t runs from the horizon down to 0."""

from truescore.samplers.base import Sampler
from truescore.samplers.grids import Grid, time_grid
from truescore.samplers.real import EulerMaruyama, Heun
from truescore.samplers.spin import AnalyticBridge, SpinEuler

__all__ = ["AnalyticBridge", "EulerMaruyama", "Grid", "Heun", "Sampler", "SpinEuler", "time_grid"]
