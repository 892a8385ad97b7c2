"""The Lightning trainer of a run: where it writes, how often it validates."""

import ctypes
import logging
import math
import os
import sys
import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.callbacks import (
    Callback,
    LearningRateMonitor,
    ModelCheckpoint,
    RichProgressBar,
)
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger
from pytorch_lightning.profilers import (
    AdvancedProfiler,
    PassThroughProfiler,
    Profiler,
    PyTorchProfiler,
    SimpleProfiler,
)

from truescore.errors import UserError
from truescore.files import CHECKPOINTS
from truescore.training.averaging import EMA
from truescore.training.selection import LastUnlessWorse

PROFILE = "profile"
LOG_EVERY = 50
PROFILERS: dict[str, type[Profiler]] = {
    "simple": SimpleProfiler,
    "advanced": AdvancedProfiler,
    "pytorch": PyTorchProfiler,
}
NOTHING = nullcontext()
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
log = logging.getLogger("truescore")


def steps_per_epoch(max_steps: int, val_every_n_steps: int) -> int:
    """Steps between validations: the divisor of ``max_steps`` nearest to what was asked for.

    So that the last step is followed by a validation and a checkpoint.
    """
    divisors = [k for k in range(1, max_steps + 1) if max_steps % k == 0]
    return min(divisors, key=lambda k: abs(math.log(k / min(val_every_n_steps, max_steps))))


def build_trainer(config: Mapping[str, Any], run_dir: Path, *callbacks: Callback) -> pl.Trainer:
    """The trainer that a configuration asks for, writing into ``run_dir`` alone.

    Args:
        config: the run's configuration.
        run_dir: the run's folder.
        callbacks: further callbacks.
    """
    settings = config["trainer"]
    epoch = steps_per_epoch(settings["max_steps"], settings["val_every_n_steps"])
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    warnings.filterwarnings("ignore", message=".*isinstance.*LeafSpec.*")
    # truescore.training.resume carries the best checkpoint over itself.
    warnings.filterwarnings("ignore", message="The dirpath has changed")
    warnings.filterwarnings("ignore", message="Checkpoint directory .* exists and is not empty")
    # The run's folder is made by Hydra and holds its log before Lightning looks at it.
    warnings.filterwarnings(
        "ignore", message="Experiment logs directory .* exists and is not empty"
    )
    own: list[Callback] = [
        EMA(config["callbacks"]["ema_decay"]),
        LearningRateMonitor("step"),
        # In this order: `last` holds the state of `best`, this validation's included.
        LastUnlessWorse(**_checkpoint(run_dir, "best"), monitor="val/loss"),
        ModelCheckpoint(**_checkpoint(run_dir, "last")),
    ]
    progress_bar = config["callbacks"]["progress_bar"]
    if progress_bar:
        own.append(ProgressBar(refresh_rate=10, console_kwargs={"file": sys.__stdout__}))
    try:
        return _trainer(settings, epoch, run_dir, [*own, *callbacks], progress_bar)
    except MisconfigurationException as error:
        raise UserError(
            f"got trainer.accelerator={settings['accelerator']},"
            f" trainer.devices={settings['devices']}: {str(error).splitlines()[0]};"
            " use trainer.accelerator=cpu trainer.devices=1"
        ) from error


def _trainer(
    settings: Mapping[str, Any],
    epoch: int,
    run_dir: Path,
    callbacks: list[Callback],
    progress_bar: bool,
) -> pl.Trainer:
    num_nodes = settings.get("num_nodes", 1)  # a run from before there was a choice has none
    return pl.Trainer(
        accelerator=settings["accelerator"],
        devices=settings["devices"],
        num_nodes=num_nodes,
        strategy="auto" if settings["devices"] * num_nodes == 1 else "ddp",
        # `truescore.training.network` sees to trainer.precision.
        profiler=_profiler(settings.get("profiler"), run_dir),
        max_steps=settings["max_steps"],
        max_epochs=settings["max_steps"] // epoch,
        gradient_clip_val=settings["gradient_clip_val"],
        num_sanity_val_steps=1,
        log_every_n_steps=min(LOG_EVERY, epoch),
        callbacks=callbacks,
        logger=[
            TensorBoardLogger(run_dir, name="", version="tensorboard", default_hp_metric=False),
            CSVLogger(run_dir, name="", version=""),
        ],
        default_root_dir=run_dir,
        enable_progress_bar=progress_bar,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )


class ProgressBar(RichProgressBar):
    """Of all steps, not of those to the next validation, which Lightning calls an epoch here.

    Behind it stand losses alone: a run's folder is not numbered, and its version would say nothing.
    """

    @property
    def total_train_batches(self) -> int:
        """Steps of the whole training."""
        return self.trainer.max_steps

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, _: int
    ) -> None:
        """Count steps from the first one on, resumed or not."""
        super().on_train_batch_end(trainer, pl_module, outputs, batch, trainer.global_step - 1)

    def _get_train_description(self, current_epoch: int) -> str:
        return "Training"

    def get_metrics(self, *args: Any) -> dict[str, Any]:
        """What stands at the end of the bar."""
        return {name: v for name, v in super().get_metrics(*args).items() if name != "v_num"}


class NoProfiler(PassThroughProfiler):
    """Profiles nothing, at a fifth of the price: Lightning enters some fifty contexts a step."""

    def profile(self, action_name: str) -> AbstractContextManager[Any]:  # type: ignore[override]
        """The context of an action: always the same one."""
        return NOTHING


def _profiler(name: str | None, run_dir: Path) -> Profiler:
    if name is None:
        return NoProfiler()
    return PROFILERS[name](dirpath=run_dir / PROFILE, filename="steps")


def _checkpoint(run_dir: Path, name: str) -> dict[str, Any]:
    return {
        "dirpath": run_dir / CHECKPOINTS,
        "filename": name,
        "save_top_k": 1,
        "auto_insert_metric_name": False,
        "enable_version_counter": False,
        "save_on_train_epoch_end": False,
    }


def use_threads(n: int | None) -> None:
    """Have torch use so many threads from now on; ``None`` leaves their number as it is.

    Threads that wait for each other on busy cores made steps on small tensors four times as long,
    so that ``None`` on a busy machine is told.
    """
    if n is not None:
        torch.set_num_threads(n)
    threads, busy = torch.get_num_threads(), os.getloadavg()[0]
    if n is None and threads > 1 and busy > threads / 2:
        log.warning(
            "%.1f cores are busy with other work, and %d threads that wait for each other are slow:"
            " trainer.threads=1 may be several times faster",
            busy,
            threads,
        )


def keep_freed_memory() -> None:
    """Ask glibc to keep freed blocks instead of returning them to the system.

    A training step frees and takes the same few megabytes again and again; returning them costs a
    page fault for every 4 KiB, which on a CPU took half of each step. Elsewhere this does nothing.
    """
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(M_MMAP_THRESHOLD, 2**30)
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
    except (OSError, AttributeError):
        return
