"""Exponential moving average of the weights."""

from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn


class EMA(WeightAveraging):
    """Average the weights after every step, and keep the average in force for all of validation.

    Lightning's own callback swaps the raw weights back *before* a module's
    ``on_validation_epoch_end``, where samples are drawn. The decay rises as (1 + n)/(10 + n) up to
    its value, so that short runs forget where they started.

    Args:
        decay: weight of the past, in [0, 1).
    """

    def __init__(self, decay: float) -> None:
        super().__init__(use_buffers=False, multi_avg_fn=ema(decay))

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the averaged weights in force."""
        if self._average_model is not None:
            self._swap_models(pl_module)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the raw weights back, before any checkpoint is written."""
        if self._average_model is not None:
            self._swap_models(pl_module)

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Nothing: the swap is done by ``on_validation_start``."""

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Nothing: the swap is undone by ``on_validation_end``."""


def ema(decay: float) -> Any:
    """What moves averaged weights towards the current ones, for torch's ``AveragedModel``."""

    @torch.no_grad()
    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], n: Tensor | int) -> None:
        weight = min(decay, (1 + int(n)) / (10 + int(n)))
        get_ema_multi_avg_fn(weight)(list(averaged), list(current), n)

    return update
