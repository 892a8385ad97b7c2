"""Unreduced losses, one number per sample."""

from truescore.losses.base import Loss, PairLoss
from truescore.losses.denoising import DenoisingScoreMatching
from truescore.losses.excess import ExcessLoss, excess_loss
from truescore.losses.fixed_sigma import FixedSigmaDenoising
from truescore.losses.implicit import ImplicitScoreMatching
from truescore.losses.pseudo_likelihood import PseudoLikelihood
from truescore.losses.ratio_matching import RatioMatching

__all__ = [
    "DenoisingScoreMatching",
    "ExcessLoss",
    "FixedSigmaDenoising",
    "ImplicitScoreMatching",
    "Loss",
    "PairLoss",
    "PseudoLikelihood",
    "RatioMatching",
    "excess_loss",
]
