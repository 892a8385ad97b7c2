"""Simulated data, served as whole batches."""

from collections.abc import Mapping
from typing import Any, cast

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from truescore.metrics import PerfectSamples
from truescore.processes import DiscreteProcess, Process
from truescore.randomness import keyed_generator
from truescore.simulate.certificate import Certificate
from truescore.simulate.certify import certify
from truescore.simulate.data import simulated_data, simulator_settings
from truescore.targets import SampledLaw, Target
from truescore.training.order import PairOrder, StepOrder
from truescore.training.shards import ShardedOrder
from truescore.training.trajectories import ForwardTrajectories

VAL_BATCH = 2000


def training_data(target: Target, dataset: Mapping[str, Any], seed: int) -> Tensor:
    """The training samples of a run with this seed, ``(n_train, d)``.

    Args:
        target: the law.
        dataset: the ``dataset`` section of a configuration.
        seed: of the run.
    """
    return _draw(target, dataset, dataset["n_train"], seed, "training data")


def has_trajectories(dataset: Mapping[str, Any]) -> bool:
    """Whether the section ``dataset`` asks for stored forward trajectories."""
    # A run from before there was a choice has no such key.
    return dataset.get("forward") == "trajectory"


def _draw(target: Target, dataset: Mapping[str, Any], n: int, seed: int, purpose: str) -> Tensor:
    if dataset["simulator"] == "exact":
        return target.sample(n, keyed_generator(seed, purpose))
    return simulated_data(target, simulator_settings(dataset), n, seed, purpose)


class LawDataModule(pl.LightningDataModule):
    """Samples of a law: ``n_train`` to learn from and ``n_val`` held out.

    The held-out samples, by whose loss the best checkpoint is chosen, come from the same simulator
    as the others, in chains of their own: whoever has only simulated data has no better ones.

    With ``dataset.forward=trajectory`` training is served noisy points with their times, from
    stored forward trajectories; held-out points are clean in any case.

    Args:
        target: the law.
        process: forward process of the trajectories.
        dataset: the ``dataset`` section of a configuration.
        steps_per_epoch: steps between validations; Lightning calls this an epoch.
        seed: key of the data and of the order in which they are served.
    """

    def __init__(
        self,
        target: Target,
        process: Process,
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
        self.trajectories = None
        if has_trajectories(dataset):
            generator = keyed_generator(seed, "forward trajectories")
            step = dataset["trajectory"]["step"]
            self.trajectories = ForwardTrajectories(
                cast(DiscreteProcess, process), self.train_data, step, generator
            )

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
        """Batches by global step, so that a resumed run sees what an undisturbed one would.

        On several processes each is served its rows of every batch. The points are moved to the
        device that trains once, and batches gathered there; stored trajectories stay on the disk.
        """
        n, device = len(self.train_data), torch.device("cpu")
        if self.trainer is not None and self.trajectories is None:
            device = self.trainer.strategy.root_device
        order = StepOrder(n, self.batch_size, self.steps_per_epoch, self.seed, device)
        if self.trajectories is None:
            rows = Rows(self.train_data.to(device))
            return DataLoader(rows, batch_size=None, sampler=self._own(order))
        pairs = PairOrder(order, len(self.trajectories.times))
        return DataLoader(self.trajectories, batch_size=None, sampler=self._own(pairs))

    def _own(self, order: Sampler[Any]) -> Sampler[Any]:
        if self.trainer is None or self.trainer.world_size == 1:
            return order
        return ShardedOrder(order, self.trainer.global_rank, self.trainer.world_size)

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
