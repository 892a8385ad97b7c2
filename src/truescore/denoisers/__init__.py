"""Networks and exact oracles behind one interface."""

from truescore.denoisers.base import Denoiser, DiscreteDenoiser, RealDenoiser, SpinDenoiser
from truescore.denoisers.learned import (
    LearnedCategoricalDenoiser,
    LearnedRealDenoiser,
    LearnedSpinDenoiser,
)
from truescore.denoisers.oracle import (
    CategoricalOracle,
    RealOracle,
    SpinOracle,
    check_pairing,
    oracle,
)
from truescore.denoisers.prediction import PredictionDenoiser

__all__ = [
    "CategoricalOracle",
    "Denoiser",
    "DiscreteDenoiser",
    "LearnedCategoricalDenoiser",
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
