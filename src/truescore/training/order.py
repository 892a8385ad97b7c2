"""Which points each training step is served."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import Sampler

from truescore.randomness import keyed_generator


class StepOrder(Sampler[Tensor]):
    """Indices of each step's batch: pass after pass over the data, each in an order of its own.

    The batch of a step depends on the seed and the step alone. Lightning sets the epoch.

    Args:
        n: size of the data.
        batch_size: indices per step; what does not fill a batch waits for the next pass. A batch
            of more than n is of several passes: points come twice, each time with its own noise.
        steps: steps per epoch.
        seed: key of the order.
        device: where the data and so the indices are; the order does not depend on it.
    """

    def __init__(
        self, n: int, batch_size: int, steps: int, seed: int, device: torch.device | str = "cpu"
    ) -> None:
        self.n = n
        self.batch_size = batch_size
        self.steps = steps
        self.seed = seed
        self.device = device
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch to serve next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Tensor]:
        batches, passes = max(self.n // self.batch_size, 1), -(-self.batch_size // self.n)
        first = self.epoch * self.steps
        current, order = -1, torch.empty(0)
        for step in range(first, first + self.steps):
            number, place = divmod(step, batches)
            if number != current:
                each = [self._pass(number * passes + k) for k in range(passes)]
                order, current = torch.cat(each).to(self.device), number
            yield order[place * self.batch_size : (place + 1) * self.batch_size]

    def _pass(self, number: int) -> Tensor:
        return torch.randperm(self.n, generator=keyed_generator(self.seed, "order", number))


class PairOrder(Sampler[tuple[Tensor, Tensor]]):
    """Each step's rows, and for each of them a layer of its trajectory, uniform over all layers.

    Args:
        order: of the rows.
        n_layers: number of layers.
    """

    def __init__(self, order: StepOrder, n_layers: int) -> None:
        self.order = order
        self.n_layers = n_layers

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch to serve next."""
        self.order.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        first = self.order.epoch * self.order.steps
        for step, rows in enumerate(self.order, first):
            generator = keyed_generator(self.order.seed, "layers", step)
            yield rows, torch.randint(self.n_layers, (len(rows),), generator=generator)
