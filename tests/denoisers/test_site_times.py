"""Sites with times of their own, shown to a network as points of one time: nothing is lost."""

import itertools

import pytest
import torch
from torch import nn

from truescore.denoisers import LearnedCategoricalDenoiser, LearnedSpinDenoiser, oracle
from truescore.nets import LeaveOneOutConv
from truescore.processes import Absorbing, SpinFlip, UniformJump
from truescore.targets import IsingChain

LAW, PROCESS = IsingChain(4, coupling=0.8, field=[0.3, 0.0, -0.2, 0.5]), SpinFlip(4)


class Extended(nn.Module):
    """The exact answer at one time, from weights prod_j (1 + alpha x^j x_0^j) that take any x."""

    def forward(self, x, noise_level):
        states = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=4)), dtype=torch.float64)
        alpha = (-2 * noise_level.exp())[:, None, None].exp()
        weights = 1 + alpha * x[:, None] * states
        logits = []
        for i in range(4):
            others = weights[..., torch.arange(4) != i].prod(-1) * LAW.log_prob(states).exp()
            up = states[:, i] > 0
            logits.append((others[:, up].sum(1) / others[:, ~up].sum(1)).log())
        return torch.stack(logits, 1)


def points(n=40):
    generator = torch.Generator().manual_seed(1)
    x = 2 * torch.randint(2, (n, 4), generator=generator).double() - 1
    uniform = torch.rand(n, 4, dtype=torch.float64, generator=generator)
    return x, PROCESS.t_min + uniform * (PROCESS.horizon - PROCESS.t_min)


@pytest.mark.parametrize("moved", [False, True], ids=["anywhere", "some at the data"])
def test_a_network_exact_at_one_time_is_exact_at_times_of_sites(moved):
    x, t = points()
    if moved:  # the last move of a sampler that goes colour by colour
        t[:, :2] = 0
    answer = LearnedSpinDenoiser(Extended(), PROCESS).log_odds(x, t)
    torch.testing.assert_close(answer, oracle(LAW, PROCESS).log_odds(x, t), atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("process", [PROCESS, UniformJump(4, 3), Absorbing(4)])
def test_equal_times_of_sites_are_one_time(process):
    t = torch.linspace(process.t_min, 0.9 * process.horizon, 5, dtype=torch.float64)
    strength, one = process.at_one_time(t[:, None].expand(5, 4))
    torch.testing.assert_close(strength, torch.ones(5, 4).double(), atol=0, rtol=1e-12)
    torch.testing.assert_close(one, t, atol=0, rtol=1e-9)


def test_a_site_is_left_out_at_times_of_sites_too():
    denoiser = LearnedSpinDenoiser(LeaveOneOutConv(4), PROCESS)
    x, t = (part.float() for part in points())
    before = denoiser.log_odds(x, t)
    for i in range(4):
        flipped = x.clone()
        flipped[:, i] *= -1
        assert torch.equal(denoiser.log_odds(flipped, t)[:, i], before[:, i])


@pytest.mark.parametrize("process", [UniformJump(3, 3), Absorbing(3, 3, spins=False)])
def test_states_at_times_of_sites_keep_what_they_tell(process):
    """A network that reads likelihoods of the clean states off its input, site by site."""
    jumps = isinstance(process, UniformJump)

    class Reading(nn.Module):
        def forward(self, symbols, noise_level):
            if not jumps:
                return symbols[..., :3] - symbols[..., 3:]
            alpha = (-3 * noise_level.exp()).exp()[:, None, None]
            return (1 + alpha * (3 * symbols - 1)).log()

    generator = torch.Generator().manual_seed(2)
    x = torch.randint(3 + (not jumps), (20, 3), generator=generator).double()
    t = process.horizon * (0.05 + 0.9 * torch.rand(20, 3, generator=generator).double())
    denoiser = LearnedCategoricalDenoiser(Reading(), process)
    answer = denoiser.clean_log_probs(x, t)
    if jumps:
        told = process.log_likelihood(x, torch.zeros_like(t), t).log_softmax(-1)
    else:  # at times of sites as at one time
        told = denoiser.clean_log_probs(x, t[:, 0])
    torch.testing.assert_close(answer, told, atol=1e-9, rtol=1e-9)
