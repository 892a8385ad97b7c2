"""Training speed, without the time that validation takes."""

import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from truescore.training.trajectories import Noised


class Throughput(Callback):
    """Logs training samples per second at each validation, and adds up the time of training.

    Lightning's ThroughputMonitor times every batch, which would cost a tenth of a step here.

    Attributes:
        seconds: time spent in training steps so far.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._samples = 0
        self._since = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self._since = time.perf_counter()
        self._samples = 0

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Count, on all processes together."""
        own = len(batch.t if isinstance(batch, Noised) else batch)
        self._samples += own * trainer.world_size

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop the clock."""
        if trainer.sanity_checking or not self._samples:
            return
        elapsed = time.perf_counter() - self._since
        self.seconds += elapsed
        speed = {"train/samples_per_second": self._samples / elapsed}
        for logger in trainer.loggers:
            logger.log_metrics(speed, step=trainer.global_step)
