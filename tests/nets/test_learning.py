"""Networks of sites learn a small law: their scores end far nearer to it than even odds are."""

import functools

import pytest
import torch

from truescore.denoisers import LearnedCategoricalDenoiser, LearnedSpinDenoiser, oracle
from truescore.losses import AnyOrder, RatioMatching
from truescore.metrics import score_error_curve
from truescore.nets import (
    HollowTransformer,
    LeaveOneOutConv,
    LeaveOneOutConv2d,
    LeaveOneOutMessages,
    LeaveOneOutMLP,
    LeaveOneOutPyramid,
    MaskedMLP,
)
from truescore.processes import Absorbing, SpinFlip, UniformJump
from truescore.targets import IsingRing, IsingTorus, PottsRing

STEPS, BATCH, DRAWS = 120, 128, 20_000
RING, TORUS, POTTS = IsingRing(8), IsingTorus(3, 4), PottsRing(8)
CASES = {
    "torus": (TORUS, lambda: LeaveOneOutConv2d(12, 3, 4), 0.01),
    "pyramid": (RING, lambda: LeaveOneOutPyramid(8, radius=2), 0.01),
    "pyramid, reflected": (RING, lambda: LeaveOneOutPyramid(8, radius=2, reflection=True), 0.01),
    "messages": (RING, lambda: LeaveOneOutMessages(8), 0.01),
    "transformer": (RING, lambda: HollowTransformer(8), 0.004),
}


STATES = {
    "convolution": (LeaveOneOutConv, 0.01),
    "perceptron": (LeaveOneOutMLP, 0.004),
    "pyramid": (functools.partial(LeaveOneOutPyramid, radius=2), 0.01),
    "messages": (LeaveOneOutMessages, 0.02),
    "transformer": (functools.partial(HollowTransformer, width=16, depth=1), 0.01),
}


class Zero(torch.nn.Module):
    """Even odds: what independent sites answer."""

    def forward(self, x, noise_level):
        return torch.zeros_like(x)


class ZeroOfStates(torch.nn.Module):
    """The same of three states, whatever symbols there are."""

    def forward(self, x, noise_level):
        return torch.zeros_like(x[..., :3])


def score_error(denoiser, law):
    held_out = law.sample(500, torch.Generator().manual_seed(2))
    exact = oracle(law, denoiser.process)
    return score_error_curve(denoiser, exact, denoiser.process, held_out, 8).mean().value


def learn(denoiser, law, learning_rate, loss):
    generator = torch.Generator().manual_seed(1)
    data = law.sample(DRAWS, generator)
    optimiser = torch.optim.AdamW(denoiser.parameters(), learning_rate, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        x_0 = data[torch.randint(DRAWS, (BATCH,), generator=generator)]
        t = loss.sample_times(denoiser, BATCH, generator)
        optimiser.zero_grad()
        loss(denoiser, x_0, t, generator).mean().backward()
        optimiser.step()
        schedule.step()


@pytest.mark.parametrize("case", CASES)
def test_a_short_training_leaves_a_small_part_of_the_score_error(case):
    law, make, learning_rate = CASES[case]
    torch.manual_seed(0)
    denoiser = LearnedSpinDenoiser(make(), SpinFlip(law.dim))
    learn(denoiser, law, learning_rate, RatioMatching())
    even = LearnedSpinDenoiser(Zero(), SpinFlip(law.dim))
    assert score_error(denoiser, law) < score_error(even, law) / 20


def share_left(make, process, learning_rate, loss):
    """Of the score error of even odds, of states."""
    torch.manual_seed(0)
    net = make(POTTS.dim, n_symbols=len(process.symbols), n_states=POTTS.n_states)
    denoiser = LearnedCategoricalDenoiser(net, process)
    learn(denoiser, POTTS, learning_rate, loss)
    even = LearnedCategoricalDenoiser(ZeroOfStates(), process)
    even.masked_only = denoiser.masked_only
    return score_error(denoiser, POTTS) / score_error(even, POTTS)


@pytest.mark.parametrize("case", STATES)
def test_so_it_does_of_states(case):
    make, learning_rate = STATES[case]
    process = UniformJump(POTTS.dim, POTTS.n_states)
    assert share_left(make, process, learning_rate, RatioMatching()) < 1 / 8


def test_so_it_does_of_states_under_masks_in_one_pass():
    make = functools.partial(MaskedMLP, width=64, depth=2)
    assert share_left(make, Absorbing(POTTS.dim, 3, False), 0.004, AnyOrder()) < 1 / 4
