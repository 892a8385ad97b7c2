"""What training needs of a loss."""

from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor


class Loss(Protocol):
    """Draws times, and gives one number per sample at each."""

    def sample_times(self, denoiser: Any, n: int, generator: torch.Generator) -> Tensor:
        """Times ``(n,)``."""
        ...

    def __call__(self, denoiser: Any, x_0: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        """Losses ``(n,)``."""
        ...


@runtime_checkable
class PairLoss(Loss, Protocol):
    """A loss of noisy points alone, whose clean ones are not at hand."""

    def of_pair(self, denoiser: Any, x_t: Tensor, t: Tensor) -> Tensor:
        """Losses ``(n,)`` of noisy points ``(n, d)`` at times ``(n,)``."""
        ...
