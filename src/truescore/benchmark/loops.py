"""A step of Lightning's loop, as runs are trained, beside a bare loop that does the same."""

import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from truescore.benchmark import paired
from truescore.benchmark.rows import Row, Spread, Target
from truescore.benchmark.settings import Settings
from truescore.composition import composed
from truescore.randomness import keyed_generator
from truescore.training.averaging import ema
from truescore.training.data import LawDataModule
from truescore.training.module import ScoreModule
from truescore.training.run import prepare
from truescore.training.trainer import NoProfiler, build_trainer

LIGHTNING = Target(1.05, at_least=False)


def lightning(
    settings: Settings, experiment: str, steps: int, rounds: int, batch: int = 256
) -> Row:
    """A step of the whole training loop beside a bare one that does the same.

    Both serve a batch from the data, draw noise, clip, step, follow the schedule and average the
    weights. The times are of the steps alone, without validations. The note says what
    Lightning's loop adds to a step of a module that does nothing.
    """
    changes = [f"seed={settings.seed}", f"dataset.batch_size={batch}", "dataset.n_val=64"]
    config = composed([f"+experiment={experiment}", "callbacks.progress_bar=false", *changes])
    accelerator = "gpu" if settings.device == "cuda" else "cpu"
    config["trainer"] |= {"max_steps": steps, "val_every_n_steps": steps}
    config["trainer"] |= {"accelerator": accelerator}
    module, data, _ = prepare(config)
    module.monitor = None

    def in_turn() -> list[float]:
        loops = lightning_seconds, bare_seconds
        return [loop(config, deepcopy(module), data) for loop in loops] + [empty_seconds(steps)]

    in_turn()
    seconds = [in_turn() for _ in range(rounds)]
    spread = Spread.of([of_lightning / bare for of_lightning, bare, _ in seconds])
    _, bare, empty = (
        1000 * Spread.of(times).median / steps for times in zip(*seconds, strict=True)
    )
    note = (
        f"a bare step takes {bare:.2f} ms; Lightning adds {empty:.2f} ms to one that does nothing"
    )
    case = f"{config['model']['name']}, d = {data.target.dim}, batch {batch}"
    return Row.ratio(
        "train_step", case, "time of Lightning's loop beside a bare one", spread, LIGHTNING, note
    )


def lightning_seconds(config: dict[str, Any], module: ScoreModule, data: LawDataModule) -> float:
    """Of the steps of a training by the trainer of runs."""
    clock = StepClock()
    with tempfile.TemporaryDirectory() as folder:
        build_trainer(config, Path(folder), clock).fit(module, datamodule=data)
    return clock.seconds


def bare_seconds(config: dict[str, Any], module: ScoreModule, data: LawDataModule) -> float:
    """Of the same steps in a loop of ten lines."""
    device = "cuda" if config["trainer"]["accelerator"] == "gpu" else "cpu"
    denoiser = module.denoiser.to(device)
    configured = module.configure_optimizers()
    optimizer, schedule = configured["optimizer"], configured["lr_scheduler"]["scheduler"]
    update: Any = ema(config["callbacks"]["ema_decay"])
    average = AveragedModel(denoiser, multi_avg_fn=update)
    generator = keyed_generator(config["seed"], "bare", device=device)
    limit = config["trainer"]["gradient_clip_val"] or float("inf")
    clock = paired.clock()
    start = clock()
    for x_0 in data.train_dataloader():
        x_0 = x_0.to(device)
        t = module.loss.sample_times(denoiser, len(x_0), generator)
        loss = module.loss(denoiser, x_0, t, generator).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(denoiser.parameters(), limit)
        optimizer.step()
        schedule.step()
        average.update_parameters(denoiser)
    paired.wait()
    return clock() - start


class Empty(LightningModule):
    """Trains one number that it does not look at data for."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        """As little as has a gradient."""
        return self.weight.clone()

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        """Nothing."""

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """As simple as they come."""
        return torch.optim.SGD(self.parameters())


def empty_seconds(steps: int) -> float:
    """That Lightning's loop adds to so many steps of an empty module.

    Without loggers, callbacks, checkpoints, clipping and a progress bar.
    """
    module, clock = Empty(), StepClock()
    batches = DataLoader(range(steps), batch_size=None)  # pyright: ignore[reportArgumentType]
    without = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    trainer = Trainer(
        accelerator="cpu",
        max_steps=steps,
        num_sanity_val_steps=0,
        limit_val_batches=1,
        callbacks=[clock],
        profiler=NoProfiler(),
        **dict.fromkeys(without, False),
    )
    trainer.fit(module, batches, batches)
    optimizer, now = module.configure_optimizers(), paired.clock()
    start = now()
    for batch in batches:
        loss = module.training_step(batch, 0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return clock.seconds - (now() - start)


class StepClock(Callback):
    """The time from the first training step to the validation after the last."""

    seconds = 0.0

    def on_train_epoch_start(self, *args: Any) -> None:
        """Start the clock."""
        self._clock = paired.clock()
        self._since = self._clock()

    def on_validation_start(self, trainer: Trainer, *args: Any) -> None:
        """Stop the clock."""
        if not trainer.sanity_checking:
            paired.wait()
            self.seconds += self._clock() - self._since
