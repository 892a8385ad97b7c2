"""Simulated data, served as whole batches."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from truescore.metrics import PerfectSamples
from truescore.randomness import keyed_generator
from truescore.simulate.certificate import Certificate
from truescore.simulate.certify import certify
from truescore.simulate.data import simulated_data, simulator_settings
from truescore.targets import SampledLaw, Target

VAL_BATCH = 2000


def training_data(target: Target, dataset: Mapping[str, Any], seed: int) -> Tensor:
    """The training samples of a run with this seed, ``(n_train, d)``.

    Args:
        target: the law.
        dataset: the ``dataset`` section of a configuration.
        seed: of the run.
    """
    return _draw(target, dataset, dataset["n_train"], seed, "training data")


def _draw(target: Target, dataset: Mapping[str, Any], n: int, seed: int, purpose: str) -> Tensor:
    if dataset["simulator"] == "exact":
        return target.sample(n, keyed_generator(seed, purpose))
    return simulated_data(target, simulator_settings(dataset), n, seed, purpose)


class LawDataModule(pl.LightningDataModule):
    """Samples of a law: ``n_train`` to learn from and ``n_val`` held out.

    The held-out samples, by whose loss the best checkpoint is chosen, come from the same simulator
    as the others, in chains of their own: whoever has only simulated data has no better ones.

    Args:
        target: the law.
        dataset: the ``dataset`` section of a configuration.
        steps_per_epoch: steps between validations; Lightning calls this an epoch.
        seed: key of the data and of the order in which they are served.
    """

    def __init__(
        self,
        target: Target,
        dataset: Mapping[str, Any],
        steps_per_epoch: int,
        seed: int,
    ) -> None:
        super().__init__()
        self.target = target
        self.dataset = dataset
        self.batch_size = dataset["batch_size"]
        self.steps_per_epoch = steps_per_epoch
        self.seed = seed
        self.train_data = training_data(target, dataset, seed)
        self.val_data = _draw(target, dataset, dataset["n_val"], seed, "validation data")

    def certificate(self, n_null: int) -> Certificate | None:
        """The training data beside the law's exact values; ``n_null`` perfect sets judge them.

        ``None`` for a law that has no exact values.
        """
        if isinstance(self.target, SampledLaw):
            return None
        perfect = PerfectSamples(self.target, n_null)
        if self.dataset["simulator"] == "exact":
            return certify(perfect, self.train_data)
        settings = simulator_settings(self.dataset)
        n_chains = min(settings["n_chains"], len(self.train_data))
        return certify(perfect, self.train_data, settings["integrator"], n_chains)

    def train_dataloader(self) -> DataLoader:
        """Batches by global step, so that a resumed run sees what an undisturbed one would."""
        order = StepOrder(len(self.train_data), self.batch_size, self.steps_per_epoch, self.seed)
        return DataLoader(Rows(self.train_data), batch_size=None, sampler=order)

    def val_dataloader(self) -> DataLoader:
        """The held-out samples in their order."""
        blocks = list(torch.arange(len(self.val_data)).split(VAL_BATCH))
        return DataLoader(Rows(self.val_data), batch_size=None, sampler=blocks)


class Rows(Dataset[Tensor]):
    """Rows of a tensor by tensors of indices: a batch is one gather, with nothing to collate."""

    def __init__(self, data: Tensor) -> None:
        self.data = data

    def __getitem__(self, index: Tensor) -> Tensor:
        """The rows at the indices."""
        return self.data[index]

    def __len__(self) -> int:
        return len(self.data)


class StepOrder(Sampler[Tensor]):
    """Indices of each step's batch: pass after pass over the data, each in an order of its own.

    The batch of a step depends on the seed and the step alone. Lightning sets the epoch.

    Args:
        n: size of the data.
        batch_size: indices per step; what does not fill a batch waits for the next pass.
        steps: steps per epoch.
        seed: key of the order.
    """

    def __init__(self, n: int, batch_size: int, steps: int, seed: int) -> None:
        self.n = n
        self.batch_size = batch_size
        self.steps = steps
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch to serve next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Tensor]:
        per_pass = self.n // self.batch_size
        first = self.epoch * self.steps
        current, order = -1, torch.empty(0)
        for step in range(first, first + self.steps):
            number, place = divmod(step, per_pass)
            if number != current:
                generator = keyed_generator(self.seed, "order", number)
                current, order = number, torch.randperm(self.n, generator=generator)
            yield order[place * self.batch_size : (place + 1) * self.batch_size]
