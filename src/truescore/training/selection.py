"""Which of a run's validated weights are kept."""

from typing import Any, cast

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor

from truescore.training.module import ScoreModule

LOWEST = "lowest_losses"
CLEARLY = 2.0
"""Standard errors by which weights must be worse not to be kept."""


class LastUnlessWorse(ModelCheckpoint):
    """Keeps the last weights whose held-out loss is not clearly above the least so far.

    Every validation has the same samples with the same noise, so losses are compared sample by
    sample: weights are kept if their mean difference from the least loss is at most two standard
    errors. The least of several losses that differ by noise is often an early one, of weights whose
    learning rate was still large: on rings of 16 and 32 spins the last ones' exact score error was
    half as large. Those that overfit stand out.

    Args:
        arguments: those of Lightning's ``ModelCheckpoint``.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.lowest: Tensor | None = None

    def check_monitor_top_k(self, trainer: pl.Trainer, current: Tensor | None = None) -> bool:
        """Whether the weights just validated are to be kept."""
        losses = cast(ScoreModule, trainer.lightning_module).held_out_losses.cpu()
        if self.lowest is None or losses.mean() < self.lowest.mean():
            self.lowest = losses
        difference = losses - self.lowest
        keep = bool(difference.mean() <= CLEARLY * difference.std() / len(losses) ** 0.5)
        return trainer.strategy.reduce_boolean_decision(keep)

    def state_dict(self) -> dict[str, Any]:
        """Lightning's, and the least losses so far."""
        return super().state_dict() | {LOWEST: self.lowest}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take both back."""
        super().load_state_dict(state_dict)
        self.lowest = state_dict[LOWEST]
