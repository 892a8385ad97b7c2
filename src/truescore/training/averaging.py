"""Exponential moving average of the weights."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

Update = Callable[[Sequence[Tensor], Sequence[Tensor], int], None]


class EMA(WeightAveraging):
    """Average the weights after every step, and keep the average in force for all of validation.

    Lightning's own callback swaps the raw weights back *before* a module's
    ``on_validation_epoch_end``, where samples are drawn. It also gathers all parameters anew at
    every step and asks a GPU how many there were, or copies them from it, as it makes the average
    before the weights are moved there.

    The decay rises as (1 + n)/(10 + n) up to its value, n the steps averaged so far, so that short
    runs forget where they started.

    Args:
        decay: weight of the past, in [0, 1).
    """

    def __init__(self, decay: float) -> None:
        super().__init__(use_buffers=False)
        self._update = ema(decay)
        self._averaged: list[Tensor] = []
        self._current: list[Tensor] = []

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Make the average where training will be."""
        self._device = trainer.strategy.root_device
        super().setup(trainer, pl_module, stage)

    @property
    def _average(self) -> AveragedModel:
        """What ``setup`` made."""
        return cast(AveragedModel, self._average_model)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Gather the parameters."""
        self._averaged = list(self._average.module.parameters())
        self._current = list(pl_module.parameters())

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Average after every step of the optimiser."""
        if trainer.global_step > self._latest_update_step:
            self._update(self._averaged, self._current, self._latest_update_step)
            self._average.n_averaged.add_(1)  # checkpoints hold it
            self._latest_update_step = trainer.global_step

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


def ema(decay: float) -> Update:
    """What moves averaged weights, of n steps so far, towards the current ones.

    At n = 0 they become the current ones. Torch's ``AveragedModel`` takes it as ``multi_avg_fn``.
    """

    @torch.no_grad()
    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], n: int | Tensor) -> None:
        n = int(n)
        weight = min(decay, (1 + n) / (10 + n)) if n else 0.0
        get_ema_multi_avg_fn(weight)(list(averaged), list(current), n)

    return update
