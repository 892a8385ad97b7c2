"""Samplers take a denoiser and nothing else; t runs from the horizon down to 0."""

from truescore.samplers.adams_bashforth import AdamsBashforth
from truescore.samplers.adaptive import Adaptive
from truescore.samplers.ancestral import Ancestral
from truescore.samplers.annealed_langevin import AnnealedLangevin
from truescore.samplers.base import Sampler
from truescore.samplers.conditional import Conditioned
from truescore.samplers.ddim import DDIM
from truescore.samplers.discrete import AnalyticBridge, ColouredBridge, JumpEuler, TauLeaping
from truescore.samplers.dpm_solver import DPMSolver2M, DPMSolver2MSDE
from truescore.samplers.edm import EDM
from truescore.samplers.euler_maruyama import EulerMaruyama
from truescore.samplers.gaussian_bridge import GaussianBridge
from truescore.samplers.gibbs import Gibbs, GibbsCorrected, heat_bath
from truescore.samplers.grids import Grid, time_grid
from truescore.samplers.heun import Heun
from truescore.samplers.predictor_corrector import PredictorCorrector
from truescore.samplers.real import FlowSampler, RealSampler, StochasticSampler
from truescore.samplers.reverse_diffusion import ReverseDiffusion
from truescore.samplers.trapezoidal import AnalyticTrapezoidal, ThetaTrapezoidal
from truescore.samplers.uniformization import Uniformization
from truescore.samplers.unmasking import Unmasking

__all__ = [
    "DDIM",
    "EDM",
    "AdamsBashforth",
    "Adaptive",
    "AnalyticBridge",
    "AnalyticTrapezoidal",
    "Ancestral",
    "ColouredBridge",
    "AnnealedLangevin",
    "Conditioned",
    "DPMSolver2M",
    "DPMSolver2MSDE",
    "EulerMaruyama",
    "FlowSampler",
    "GaussianBridge",
    "Gibbs",
    "GibbsCorrected",
    "Grid",
    "Heun",
    "JumpEuler",
    "PredictorCorrector",
    "RealSampler",
    "ReverseDiffusion",
    "Sampler",
    "StochasticSampler",
    "TauLeaping",
    "ThetaTrapezoidal",
    "Uniformization",
    "Unmasking",
    "heat_bath",
    "time_grid",
]
