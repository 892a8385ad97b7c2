"""What training needs of a loss."""

from typing import Any, Protocol

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
