"""Messages reach a site from all others within the radius, and never from itself."""

import pytest
import torch

from truescore.errors import UserError
from truescore.nets import LeaveOneOutMessages

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
        assert told[(distance > 0) & (distance <= net.radius)].all()
        assert not told[distance >= 2 * net.radius].any()


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
    x = x.sign()

    def broken(radius, shift):
        torch.manual_seed(0)
        net = LeaveOneOutMessages(48, radius=radius).double()
        with torch.no_grad():
            net.carry.weight.mul_(0.8)  # what is told fades with distance
        return float((net(x.roll(shift, 1), level) - net(x, level).roll(shift, 1)).abs().max())

    assert broken(8, shift=8) < 1e-12
    one_site = [broken(radius, shift=1) for radius in (4, 8, 16)]
    assert one_site[0] > 10 * one_site[1] > 100 * one_site[2] > 0


@torch.inference_mode()
def test_points_of_a_batch_do_not_meet_and_noise_matters():
    net = network(9)
    x, level = spins_and_levels(9)
    alone = torch.cat([net(x[k, None], level[k, None]) for k in range(len(x))])
    torch.testing.assert_close(net(x, level), alone)
    assert float((net(x, level) - net(x, level.flip(0)))[0].abs().min()) > 1e-4


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
