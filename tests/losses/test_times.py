"""Noise levels for training: stratified, and uniform in log-SNR."""

import pytest
import torch

from truescore.losses import DenoisingScoreMatching, RatioMatching
from truescore.losses.times import stratified_times
from truescore.processes import SpinFlip, VariancePreserving

PROCESSES = [VariancePreserving(), SpinFlip(64)]


def place(process, t):
    """Where log-SNR stands in the process's range: 0 at t_min, 1 at the horizon."""
    ends = process.log_snr(torch.tensor([process.t_min, process.horizon], dtype=torch.float64))
    return (process.log_snr(t.double()) - ends[0]) / (ends[1] - ends[0])


@pytest.mark.parametrize("process", PROCESSES, ids=["reals", "spins"])
def test_each_stratum_holds_one_time_uniform_inside(process, assert_uniform):
    generator, n = torch.Generator().manual_seed(1), 256
    offsets = []
    for _ in range(40):
        t = stratified_times(process, n, generator)
        assert t.shape == (n,)
        assert t.dtype == torch.float32
        offset = place(process, t).sort().values * n - torch.arange(n)
        # Times are float32: their log-SNR may stand 1e-3 of a stratum outside.
        assert (offset > -1e-3).all()
        assert (offset < 1 + 1e-3).all()
        offsets.append(offset)
    assert_uniform(torch.cat(offsets).clamp(0, 1))


@pytest.mark.parametrize("process", PROCESSES, ids=["reals", "spins"])
def test_a_lone_time_is_uniform_in_log_snr(process, assert_uniform):
    generator = torch.Generator().manual_seed(2)
    t = torch.cat([stratified_times(process, 1, generator) for _ in range(3000)])
    assert_uniform(place(process, t).clamp(0, 1))


def test_losses_sample_these_times():
    class Denoiser:
        process = SpinFlip(64)

    for loss in (RatioMatching(), DenoisingScoreMatching()):
        generator, same = (torch.Generator().manual_seed(3) for _ in range(2))
        t = loss.sample_times(Denoiser, 32, generator)
        assert torch.equal(t, stratified_times(Denoiser.process, 32, same))
