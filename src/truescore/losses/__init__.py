"""Unreduced losses, one number per sample."""

from truescore.losses.any_order import AnyOrder
from truescore.losses.base import Loss, PairLoss
from truescore.losses.clean_cross_entropy import CleanCrossEntropy
from truescore.losses.concrete_score import ConcreteScoreMatching
from truescore.losses.denoising import DenoisingScoreMatching
from truescore.losses.discrete import DiscreteLoss
from truescore.losses.elbo import ELBO
from truescore.losses.excess import ExcessLoss, excess_loss
from truescore.losses.fixed_sigma import FixedSigmaDenoising
from truescore.losses.implicit import ImplicitScoreMatching
from truescore.losses.mixture import MixtureLoss
from truescore.losses.pseudo_likelihood import PseudoLikelihood
from truescore.losses.ratio_matching import RatioMatching
from truescore.losses.score_entropy import ScoreEntropy

__all__ = [
    "ELBO",
    "AnyOrder",
    "CleanCrossEntropy",
    "ConcreteScoreMatching",
    "DenoisingScoreMatching",
    "DiscreteLoss",
    "ExcessLoss",
    "FixedSigmaDenoising",
    "ImplicitScoreMatching",
    "Loss",
    "MixtureLoss",
    "PairLoss",
    "PseudoLikelihood",
    "RatioMatching",
    "ScoreEntropy",
    "excess_loss",
]
