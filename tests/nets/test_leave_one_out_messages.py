"""Messages reach a site from all others within the radius, and never from itself."""

import pytest
import torch

from truescore.denoisers import (
    CategoricalOracle,
    LearnedCategoricalDenoiser,
    LearnedSpinDenoiser,
    SpinOracle,
)
from truescore.errors import UserError
from truescore.nets import LeaveOneOutMessages
from truescore.processes import Absorbing, SpinFlip, UniformJump
from truescore.targets import IsingRing, PottsRing

SIZES = [(3, 16), (4, 1), (9, 2), (9, 16), (40, 16)]
both = pytest.mark.parametrize("odd", [True, False], ids=["odd", "plain"])
sizes = pytest.mark.parametrize(("dim", "radius"), SIZES)


def network(dim, radius=16, odd=True):
    torch.manual_seed(dim)
    net = LeaveOneOutMessages(dim, width=4, radius=radius, odd=odd).double()
    # Weights far from their initial ones, so that no path is closed by a small or zero weight.
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return net


def spins_and_levels(dim, n=5):
    generator = torch.Generator().manual_seed(1)
    x = 2.0 * torch.randint(2, (n, dim), generator=generator) - 1
    return x.double(), torch.linspace(-6, 1, n).double()


@both
@sizes
@torch.inference_mode()
def test_flipping_a_spin_leaves_its_own_output_the_same_to_the_bit(dim, radius, odd):
    net = network(dim, radius, odd)
    x, level = spins_and_levels(dim)
    before = net(x, level)
    for i in range(dim):
        flipped = x.clone()
        flipped[:, i] *= -1
        after = net(flipped, level)
        assert torch.equal(after[:, i], before[:, i])
        distance = (torch.arange(dim) - i).abs()
        distance = torch.minimum(distance, dim - distance)
        told = (after != before).any(0)
        assert told[(distance > 0) & (distance <= net.reach)].all()
        assert not told[distance >= net.reach + net.block].any()


@both
@torch.inference_mode()
def test_symmetries_hold_and_others_do_not(odd):
    net = network(11, odd=odd)
    x, level = spins_and_levels(11)
    answer = net(x, level)
    torch.testing.assert_close(net(x.flip(1), level), answer.flip(1))
    flipped = float((net(-x, level) + answer).abs().max())
    assert flipped == 0 if odd else flipped > 1e-3


@torch.inference_mode()
def test_translation_holds_by_blocks_and_by_one_site_up_to_what_lies_beyond_the_radius():
    x, level = spins_and_levels(48)

    def broken(radius, shift):
        torch.manual_seed(0)
        net = LeaveOneOutMessages(48, radius=radius).double()
        return float((net(x.roll(shift, 1), level) - net(x, level).roll(shift, 1)).abs().max())

    assert LeaveOneOutMessages(48, radius=8).block == 16
    assert broken(8, shift=16) < 1e-12
    one_site = [broken(radius, shift=1) for radius in (4, 8, 16)]
    assert one_site[0] > 10 * one_site[1] > 100 * one_site[2] > 0


@torch.inference_mode()
def test_points_of_a_batch_do_not_meet_and_levels_add_nothing_to_evidence():
    net = network(9)
    x, level = spins_and_levels(9)
    alone = torch.cat([net(x[k, None], level[k, None]) for k in range(len(x))])
    torch.testing.assert_close(net(x, level), alone)
    assert torch.equal(net(x, level), net(x, level.flip(0)))


def exact_network(law):
    """Messages that hear noisy sites as they are, and carry the law's own coupling."""
    q = None if isinstance(law, IsingRing) else law.n_states
    net = LeaveOneOutMessages(DIM, width=q or 1, radius=30, n_symbols=q, n_states=q).double()
    eye = torch.eye(q or 1).double()
    with torch.no_grad():
        for layer in (net.see, net.carry, net.head):
            layer.weight.copy_(eye)
            if layer.bias is not None:
                layer.bias.zero_()
        net.head.weight.mul_(1 if q else 2)
        net.coupling.fill_(law.coupling)
    return net


DIM = 40
LAWS = {
    "ferromagnet": (IsingRing(DIM, 0.5), SpinFlip(DIM), SpinOracle, LearnedSpinDenoiser),
    "antiferromagnet": (IsingRing(DIM, -0.5), SpinFlip(DIM), SpinOracle, LearnedSpinDenoiser),
    "masks": (IsingRing(DIM, 0.5), Absorbing(DIM), SpinOracle, LearnedSpinDenoiser),
    "states": (
        PottsRing(DIM, 3, 0.8),
        UniformJump(DIM, 3),
        CategoricalOracle,
        LearnedCategoricalDenoiser,
    ),
}


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("times", ["one", "of sites"])
@torch.inference_mode()
def test_the_exact_answer_at_all_times_is_one_of_its_answers(name, times):
    """Up to k^30 of what comes around the ring, and the doubt of e^-16 left to a site unmasked."""
    law, process, oracle, learned = LAWS[name]
    generator = torch.Generator().manual_seed(0)
    x_0 = law.sample(200, generator)
    t = torch.linspace(process.t_min, process.horizon, 200).double()
    if times == "of sites":
        t = t[torch.randint(200, (200, DIM), generator=generator)]
    x_t = process.perturb(x_0, t, generator).double()
    exact = oracle(law, process).clean_log_probs(x_t, t)
    ours = learned(exact_network(law), process).clean_log_probs(x_t, t)
    torch.testing.assert_close(ours, exact, atol=2e-6 if process.masks else 1e-7, rtol=0)


@both
def test_every_parameter_has_a_gradient(odd):
    net = network(17, odd=odd)
    net(*spins_and_levels(17)).square().sum().backward()
    assert all(float(p.grad.abs().max()) > 0 for p in net.parameters())


@pytest.mark.parametrize("option", ["width", "radius"])
def test_empty_networks_are_refused(option):
    with pytest.raises(UserError, match=f"{option}=0"):
        LeaveOneOutMessages(8, **{option: 0})
    with pytest.raises(UserError, match="dim=2"):
        LeaveOneOutMessages(2)
    with pytest.raises(UserError, match=r"expected \(n, 8\)"):
        LeaveOneOutMessages(8)(torch.ones(2, 9), torch.zeros(2))
