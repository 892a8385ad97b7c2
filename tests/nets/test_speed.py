"""Time of a training step on one core, networks side by side."""

import statistics
import time

import pytest
import torch

from truescore.denoisers import LearnedSpinDenoiser
from truescore.losses import RatioMatching
from truescore.nets import LeaveOneOutMessages, RotConvFilm
from truescore.processes import SpinFlip


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def step_seconds(net, dim, batch, steps):
    """Median over steps, the first two left out."""
    denoiser, loss = LearnedSpinDenoiser(net, SpinFlip(dim)), RatioMatching()
    optimizer = torch.optim.AdamW(net.parameters())
    generator = torch.Generator().manual_seed(0)
    x = 2.0 * torch.randint(2, (batch, dim), generator=generator) - 1
    seconds = []
    for _ in range(steps):
        start = time.perf_counter()
        t = loss.sample_times(denoiser, batch, generator)
        mean = loss(denoiser, x, t, generator).mean()
        optimizer.zero_grad()
        mean.backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[2:])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dim", "batch", "at_least"), [(64, 128, 8), (64, 512, 30), (128, 128, 60)]
)
def test_messages_beside_a_pass_for_each_site(dim, batch, at_least, one_thread):
    """The bounds leave room for a machine that does something else besides."""
    ratios = []
    for _ in range(5):
        ours = step_seconds(LeaveOneOutMessages(dim), dim, batch, 40)
        ratios.append(step_seconds(RotConvFilm(dim), dim, batch, 5) / ours)
    print(f"d = {dim}, {batch} samples a step: {', '.join(f'{r:.0f}' for r in sorted(ratios))} x")
    assert statistics.median(ratios) > at_least


@pytest.mark.slow
def test_a_site_costs_the_same_on_a_long_ring(one_thread):
    costs = {}
    for dim in (64, 256, 1024):
        batch = 32 * 1024 // dim
        times = [step_seconds(LeaveOneOutMessages(dim), dim, batch, 30) for _ in range(3)]
        costs[dim] = statistics.median(times) / (dim * batch)
    print(", ".join(f"d = {dim}: {cost * 1e6:.2f} us" for dim, cost in costs.items()))
    assert max(costs.values()) < 1.6 * min(costs.values())
