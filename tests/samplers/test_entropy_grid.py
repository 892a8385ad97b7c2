"""The entropy grid against enumerated entropies."""

import itertools

import pytest
import torch

from truescore.denoisers import oracle
from truescore.errors import UserError
from truescore.processes import Absorbing, SpinFlip, VariancePreserving
from truescore.samplers import AnalyticBridge, AnalyticTrapezoidal, time_grid
from truescore.samplers.entropy_grid import entropy_times
from truescore.targets import IsingRing

DIM, STEPS = 4, 9
LAW = IsingRing(DIM)
PROCESSES = [SpinFlip(DIM), Absorbing(DIM)]


def open_entropy(process, t):
    """sum_i H(x_0^i | x_t), all pairs of points enumerated."""
    clean = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=DIM))).double()
    noisy = torch.tensor(list(itertools.product(process.symbols.tolist(), repeat=DIM))).double()
    time = torch.full((len(noisy),), float(t), dtype=torch.float64)
    likelihood = process.log_likelihood(noisy, torch.zeros_like(time), time).exp()
    index = (clean > 0).long()
    joint = torch.stack([likelihood[:, i, index[:, i]] for i in range(DIM)]).prod(0)
    joint = joint * LAW.log_prob(clean).exp()
    total = joint.sum(1)
    up = (joint @ (clean > 0).double() / total[:, None].clamp(min=1e-300)).clamp(0, 1)
    entropy = torch.special.entr(up) + torch.special.entr(1 - up)
    return float((total[:, None] * entropy).sum())


@pytest.mark.parametrize("process", PROCESSES, ids=["flips", "masks"])
def test_steps_carry_equal_entropies(process):
    times = entropy_times(oracle(LAW, process), STEPS)
    assert times.shape == (STEPS + 1,) and times.dtype == torch.float64
    assert (times[0], times[-2], times[-1]) == (process.horizon, process.t_min, 0)
    assert (times.diff() < 0).all()
    entropy = torch.tensor([open_entropy(process, t) for t in times[:-1]])
    shares = -entropy.diff() / (entropy[0] - entropy[-1])
    # 500 points know each entropy to some percent of the whole.
    assert (shares - 1 / (STEPS - 1)).abs().max() < 0.05
    uniform = time_grid(process, STEPS, "geometric")[:-1]
    apart = -torch.tensor([open_entropy(process, t) for t in uniform]).diff()
    assert apart.max() > 2 * apart.min()


def test_samplers_of_sites_take_it_and_always_alike():
    denoiser = oracle(LAW, PROCESSES[0])
    for sampler in (AnalyticBridge(STEPS, "entropy"), AnalyticTrapezoidal(STEPS, "entropy")):
        assert torch.equal(sampler.times(denoiser), entropy_times(denoiser, STEPS))


def test_it_is_not_for_reals_nor_one_step():
    with pytest.raises(UserError, match="for spins and states, entropy"):
        time_grid(VariancePreserving(), 8, "entropy")
    with pytest.raises(UserError, match=r"sampler\.steps=1"):
        entropy_times(oracle(LAW, PROCESSES[0]), 1)
