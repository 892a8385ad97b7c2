"""Which noise levels training sees."""

import torch
from torch import Tensor

from truescore.processes import Process


def stratified_times(process: Process, n: int, generator: torch.Generator) -> Tensor:
    """``n`` times with log-SNR uniform over the process's range, one in each of n equal strata.

    Strata keep the law of each time and remove most of the batch's scatter of noise levels.
    """
    device = generator.device
    ends = process.log_snr(torch.tensor([process.t_min, process.horizon], dtype=torch.float64))
    strata = torch.arange(n, dtype=torch.float64, device=device)
    offset = torch.rand(n, dtype=torch.float64, device=device, generator=generator)
    u = (strata + offset) / n
    log_snr = float(ends[0]) + u * float(ends[1] - ends[0])
    return process.time_from_log_snr(log_snr).float()
