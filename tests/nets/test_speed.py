"""Time of a training step on one core, networks side by side."""

import statistics
import time

import pytest
import torch

from truescore.denoisers import LearnedSpinDenoiser
from truescore.losses import RatioMatching
from truescore.nets import DilatedChainNet, LeaveOneOutMessages, RotConvFilm, site_layers
from truescore.processes import SpinFlip
from truescore.training.trainer import keep_freed_memory


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


@pytest.mark.slow
def test_a_gradient_by_hand_is_worth_its_lines(one_thread, monkeypatch):
    """The chain's network beside itself with its layers left to autograd."""
    keep_freed_memory()
    by_hand = site_layers._left_to_torch
    ratios = {}
    for dim in (8, 16, 32, 64, 128):
        torch.manual_seed(0)
        net = DilatedChainNet(dim)
        torch.nn.init.normal_(net.head.weight)
        fields, level = torch.randn(512, dim, 3), torch.randn(512)
        seconds = {True: [], False: []}
        for _ in range(25):
            for left_to_torch, taken in seconds.items():
                chosen = (lambda h: True) if left_to_torch else by_hand
                monkeypatch.setattr(site_layers, "_left_to_torch", chosen)
                start = time.process_time()
                net.zero_grad()
                net(fields, level).square().mean().backward()
                taken.append(time.process_time() - start)
        pairs = zip(seconds[True], seconds[False], strict=True)
        ratios[dim] = statistics.quantiles([a / b for a, b in pairs], n=6)
    for dim, (low, _, middle, _, high) in ratios.items():
        print(f"d = {dim}: {middle:.2f} [{low:.2f}, {high:.2f}] x")
    assert ratios[128][2] > 1.05
