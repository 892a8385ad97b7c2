"""One batch on several processes: each takes its rows, and all together do what one would.

Of n processes, that of rank r has the rows r, r + n, r + 2n, ... of every batch. What is random is
drawn for the whole batch by each of them, and each keeps its rows of it; so the mean of their
losses is that of one process, but for the order of sums.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils.data import Sampler

from truescore.errors import UserError


class ShardedOrder(Sampler[Any]):
    """A process's rows of every batch of an order.

    Args:
        order: of whole batches; each is a tensor ``(batch,)`` of indices or a tuple of such.
        rank: of the process.
        n_ranks: how many processes there are.
    """

    def __init__(self, order: Any, rank: int, n_ranks: int) -> None:
        self.order = order
        self.rank = rank
        self.n_ranks = n_ranks

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch to serve next."""
        self.order.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[Any]:
        for batch in self.order:
            if isinstance(batch, tuple):
                yield tuple(own_rows(indices, self.rank, self.n_ranks) for indices in batch)
            else:
                yield own_rows(batch, self.rank, self.n_ranks)


def own_rows(whole: Tensor, rank: int, n_ranks: int) -> Tensor:
    """The rows of a whole batch ``(n, ...)`` that are a process's own, ``(n / n_ranks, ...)``."""
    return whole[rank::n_ranks]


class WholeBatchDraws(TorchFunctionMode):
    """Within it, random numbers for a process's rows are those that one process would draw.

    Every tensor drawn from ``generator`` with one row for each of the process's own is drawn for
    the whole batch instead, and the own rows are kept. Other generators are left alone.

    Args:
        generator: in the same state on every process.
        n: number of the process's own rows.
        rank: of the process.
        n_ranks: how many processes there are.

    Raises:
        UserError: a draw that is not of ``torch.rand``, ``randn`` or ``randint``, or whose first
            axis is not the batch; it would differ from that of one process.
    """

    def __init__(self, generator: torch.Generator, n: int, rank: int, n_ranks: int) -> None:
        super().__init__()
        self.generator = generator
        self.n = n
        self.rank = rank
        self.n_ranks = n_ranks

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Draw for the whole batch and keep the own rows."""
        kwargs = kwargs or {}
        if not any(value is self.generator for value in (*args, *kwargs.values())):
            return func(*args, **kwargs)
        before, size = _split(func, args, kwargs)
        if size is None or not size or size[0] != self.n:
            raise UserError(
                f"got {getattr(func, '__name__', func)} of size {size} in a loss on"
                f" {self.n_ranks} processes, expected torch.rand, randn or randint with a row for"
                f" each of {self.n} samples: draw so, or use trainer=default"
            )
        kwargs = {key: value for key, value in kwargs.items() if key != "size"}
        whole = func(*before, (self.n * self.n_ranks, *size[1:]), **kwargs)
        return own_rows(whole, self.rank, self.n_ranks)


def _split(
    func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], tuple[int, ...] | None]:
    """The arguments of a draw before its size, and the size; ``None`` for a draw not known."""
    if func is torch.randint:
        # randint(high, size) or randint(low, high, size)
        place = next((i for i, value in enumerate(args) if not isinstance(value, int)), len(args))
    elif func in (torch.rand, torch.randn):
        place = 0
    else:
        return args, None
    size = kwargs["size"] if place == len(args) else args[place:]
    if len(size) == 1 and not isinstance(size[0], int):
        (size,) = size
    return args[:place], tuple(size)
