"""The Metropolis rule, and a count of what it accepted."""

import torch
from torch import Tensor


class Acceptance:
    """Fraction of proposals accepted so far; nan before the first."""

    def __init__(self) -> None:
        self.proposed = 0
        self.accepted = 0

    @property
    def rate(self) -> float:
        """Accepted over proposed."""
        return self.accepted / self.proposed if self.proposed else float("nan")

    def decide(self, log_ratio: Tensor, generator: torch.Generator) -> Tensor:
        """Accept each proposal with probability min(1, exp(log_ratio)), counted; never a nan."""
        u = torch.rand(
            log_ratio.shape, dtype=log_ratio.dtype, device=log_ratio.device, generator=generator
        )
        accepted = u.log() < log_ratio
        self.proposed += accepted.numel()
        self.accepted += int(accepted.sum())
        return accepted
