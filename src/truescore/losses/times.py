"""Which noise levels training sees."""

import torch
from torch import Tensor

from truescore.processes import Process

FAR_SHARE = 0.1


def stratified_times(
    process: Process, n: int, generator: torch.Generator, hidden: float | None = None
) -> Tensor:
    """``n`` times with log-SNR uniform over the process's range, one in each of n equal strata.

    Strata keep the law of each time and remove most of the batch's scatter of noise levels.

    Args:
        process: forward process.
        n: number of times.
        generator: source of the offsets within the strata.
        hidden: a log-SNR below which noise hides the data and little is left to learn; that part
            of the range then gets a share of 0.1 of the times, whatever its length.
    """
    device = generator.device
    ends = torch.tensor([process.horizon, process.t_min], dtype=torch.float64)
    low, high = process.log_snr(ends).tolist()
    strata = torch.arange(n, dtype=torch.float64, device=device)
    u = (strata + torch.rand(n, dtype=torch.float64, device=device, generator=generator)) / n
    if hidden is None or not low < hidden < high:
        log_snr = low + u * (high - low)
    else:
        far = low + u / FAR_SHARE * (hidden - low)
        near = hidden + (u - FAR_SHARE) / (1 - FAR_SHARE) * (high - hidden)
        log_snr = torch.where(u < FAR_SHARE, far, near)
    return process.time_from_log_snr(log_snr).float()
