"""Networks of spins learn a small law: their scores end far nearer to it than even odds are."""

import pytest
import torch

from truescore.denoisers import LearnedSpinDenoiser, oracle
from truescore.losses import RatioMatching
from truescore.metrics import score_error_curve
from truescore.nets import (
    HollowTransformer,
    LeaveOneOutConv2d,
    LeaveOneOutMessages,
    LeaveOneOutPyramid,
)
from truescore.processes import SpinFlip
from truescore.targets import IsingRing, IsingTorus

STEPS, BATCH, DRAWS = 120, 128, 20_000
RING, TORUS = IsingRing(8), IsingTorus(3, 4)
CASES = {
    "torus": (TORUS, lambda: LeaveOneOutConv2d(12, 3, 4), 0.01),
    "pyramid": (RING, lambda: LeaveOneOutPyramid(8, radius=2), 0.01),
    "pyramid, reflected": (RING, lambda: LeaveOneOutPyramid(8, radius=2, reflection=True), 0.01),
    "messages": (RING, lambda: LeaveOneOutMessages(8), 0.01),
    "transformer": (RING, lambda: HollowTransformer(8), 0.004),
}


class Zero(torch.nn.Module):
    """Even odds: what independent spins answer."""

    def forward(self, x, noise_level):
        return torch.zeros_like(x)


def score_error(net, law):
    process = SpinFlip(law.dim)
    held_out = law.sample(500, torch.Generator().manual_seed(2))
    denoiser = LearnedSpinDenoiser(net, process)
    return score_error_curve(denoiser, oracle(law, process), process, held_out, 8).mean().value


@pytest.mark.parametrize("case", CASES)
def test_a_short_training_leaves_a_small_part_of_the_score_error(case):
    law, make, learning_rate = CASES[case]
    torch.manual_seed(0)
    net = make()
    generator = torch.Generator().manual_seed(1)
    denoiser = LearnedSpinDenoiser(net, SpinFlip(law.dim))
    data, loss = law.sample(DRAWS, generator), RatioMatching()
    optimiser = torch.optim.AdamW(net.parameters(), learning_rate, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        x_0 = data[torch.randint(DRAWS, (BATCH,), generator=generator)]
        t = loss.sample_times(denoiser, BATCH, generator)
        optimiser.zero_grad()
        loss(denoiser, x_0, t, generator).mean().backward()
        optimiser.step()
        schedule.step()
    assert score_error(net, law) < score_error(Zero(), law) / 20
