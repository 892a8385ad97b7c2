"""Unreduced losses, one number per sample."""

from truescore.losses.base import Loss
from truescore.losses.denoising import DenoisingScoreMatching
from truescore.losses.ratio_matching import RatioMatching

__all__ = ["DenoisingScoreMatching", "Loss", "RatioMatching"]
