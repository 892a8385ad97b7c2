"""Samplers take a denoiser and nothing else; t runs from the horizon down to 0."""

from truescore.samplers.adams_bashforth import AdamsBashforth
from truescore.samplers.adaptive import Adaptive
from truescore.samplers.ancestral import Ancestral
from truescore.samplers.annealed_langevin import AnnealedLangevin
from truescore.samplers.base import Sampler
from truescore.samplers.ddim import DDIM
from truescore.samplers.dpm_solver import DPMSolver2M, DPMSolver2MSDE
from truescore.samplers.edm import EDM
from truescore.samplers.euler_maruyama import EulerMaruyama
from truescore.samplers.gaussian_bridge import GaussianBridge
from truescore.samplers.grids import Grid, time_grid
from truescore.samplers.heun import Heun
from truescore.samplers.predictor_corrector import PredictorCorrector
from truescore.samplers.reverse_diffusion import ReverseDiffusion
from truescore.samplers.spin import AnalyticBridge, SpinEuler

__all__ = [
    "DDIM",
    "EDM",
    "AdamsBashforth",
    "Adaptive",
    "AnalyticBridge",
    "Ancestral",
    "AnnealedLangevin",
    "DPMSolver2M",
    "DPMSolver2MSDE",
    "EulerMaruyama",
    "GaussianBridge",
    "Grid",
    "Heun",
    "PredictorCorrector",
    "ReverseDiffusion",
    "Sampler",
    "SpinEuler",
    "time_grid",
]
