"""Networks and exact oracles behind one interface."""

from truescore.denoisers.base import Denoiser, RealDenoiser, SpinDenoiser
from truescore.denoisers.learned import LearnedRealDenoiser, LearnedSpinDenoiser
from truescore.denoisers.oracle import RealOracle, SpinOracle, check_pairing, oracle

__all__ = [
    "Denoiser",
    "LearnedRealDenoiser",
    "LearnedSpinDenoiser",
    "RealDenoiser",
    "RealOracle",
    "SpinDenoiser",
    "SpinOracle",
    "check_pairing",
    "oracle",
]
