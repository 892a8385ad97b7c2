"""Networks and exact oracles behind one interface."""

from truescore.denoisers.base import Denoiser, RealDenoiser, SpinDenoiser
from truescore.denoisers.learned import LearnedRealDenoiser, LearnedSpinDenoiser
from truescore.denoisers.oracle import RealOracle, SpinOracle, check_pairing, oracle
from truescore.denoisers.prediction import PredictionDenoiser

__all__ = [
    "Denoiser",
    "LearnedRealDenoiser",
    "LearnedSpinDenoiser",
    "PredictionDenoiser",
    "RealDenoiser",
    "RealOracle",
    "SpinDenoiser",
    "SpinOracle",
    "check_pairing",
    "oracle",
]
