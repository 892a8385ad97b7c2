"""A weighted sum of losses."""

from collections.abc import Mapping

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.losses.clean_cross_entropy import CleanCrossEntropy
from truescore.losses.concrete_score import ConcreteScoreMatching
from truescore.losses.discrete import DiscreteLoss
from truescore.losses.elbo import ELBO
from truescore.losses.ratio_matching import RatioMatching
from truescore.losses.score_entropy import ScoreEntropy
from truescore.processes import DiscreteProcess

PARTS: dict[str, type[DiscreteLoss]] = {
    "ratio_matching": RatioMatching,
    "clean_cross_entropy": CleanCrossEntropy,
    "score_entropy": ScoreEntropy,
    "concrete_score": ConcreteScoreMatching,
    "elbo": ELBO,
}


class MixtureLoss(DiscreteLoss):
    """sum_k w_k loss_k of spins or states, from the same noise and one answer of the network.

    All parts have the same minimiser, and so has the sum.

    Args:
        weights: w_k >= 0 by the loss's name, one > 0: ``ratio_matching``, ``clean_cross_entropy``,
            ``score_entropy``, ``concrete_score`` or ``elbo``.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        if not weights or not set(weights) <= set(PARTS):
            known = ", ".join(PARTS)
            raise UserError(
                f"got weights of {', '.join(weights) or 'nothing'}, expected some of {known}: name"
                " those"
            )
        if min(weights.values()) < 0 or not any(weights.values()):
            raise UserError(
                f"got weights {dict(weights)}, expected none below 0 and one above: raise one"
            )
        self.parts = [(weight, PARTS[name]()) for name, weight in weights.items() if weight > 0]

    def of_sites(self, process: DiscreteProcess, clean: Tensor, x_0: Tensor, t: Tensor) -> Tensor:
        """The sum of each site, ``(n, d)``."""
        each = [weight * part.of_sites(process, clean, x_0, t) for weight, part in self.parts]
        return torch.stack(each).sum(0)
