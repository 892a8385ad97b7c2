"""Output i of the ring's network never sees input i, to the bit, whatever its weights."""

import pytest
import torch

from truescore.errors import UserError
from truescore.nets import LeaveOneOutConv

SIZES = [(3, 16), (4, 16), (5, 2), (8, 3), (33, 16), (40, 5)]
both = pytest.mark.parametrize("odd", [True, False], ids=["odd", "plain"])
sizes = pytest.mark.parametrize(("dim", "radius"), SIZES)


def network(dim, radius=16, odd=True, **options):
    torch.manual_seed(dim)
    net = LeaveOneOutConv(dim, width=8, radius=radius, odd=odd, **options)
    # Weights far from their initial ones, so that no path is closed by a small or zero weight.
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return net


def spins_and_levels(dim, n=5):
    generator = torch.Generator().manual_seed(1)
    x = 2.0 * torch.randint(2, (n, dim), generator=generator) - 1
    return x, torch.linspace(-6, 1, n)


@both
@sizes
@torch.inference_mode()
def test_flipping_a_spin_leaves_its_own_output_the_same_to_the_bit(dim, radius, odd):
    net = network(dim, radius, odd)
    x, level = spins_and_levels(dim)
    before = net(x, level)
    reach = min(radius, (dim - 1) // 2)
    for i in range(dim):
        flipped = x.clone()
        flipped[:, i] *= -1
        after = net(flipped, level)
        assert torch.equal(after[:, i], before[:, i])
        # And it is seen by every site within reach, by none beyond.
        distance = (torch.arange(dim) - i).abs()
        distance = torch.minimum(distance, dim - distance)
        seen = (distance > 0) & (distance <= reach)
        assert (after != before)[:, seen].all()
        assert torch.equal(after[:, ~seen], before[:, ~seen])


@both
@sizes
def test_no_gradient_reaches_a_site_from_itself(dim, radius, odd):
    net = network(dim, radius, odd)
    x, level = spins_and_levels(dim, n=1)
    jacobian = torch.autograd.functional.jacobian(lambda x: net(x, level)[0], x)[:, 0]
    assert torch.equal(jacobian.diagonal(), torch.zeros(dim))
    assert (jacobian.abs().sum(1) > 0).all()


@torch.inference_mode()
def test_odd_network_is_odd_and_the_other_is_not():
    x, level = spins_and_levels(12)
    odd, plain = network(12, odd=True), network(12, odd=False)
    torch.testing.assert_close(odd(-x, level), -odd(x, level), atol=0, rtol=0)
    assert float((plain(-x, level) + plain(x, level)).abs().min()) > 1e-3


@both
@torch.inference_mode()
def test_translations_of_the_ring_translate_the_output(odd):
    net = network(11, radius=4, odd=odd)
    x, level = spins_and_levels(11)
    for shift in (1, 5):
        moved = net(x.roll(shift, 1), level)
        torch.testing.assert_close(moved, net(x, level).roll(shift, 1), atol=1e-6, rtol=1e-6)


@both
@torch.inference_mode()
def test_points_of_a_batch_do_not_meet_and_noise_matters(odd):
    net = network(9, odd=odd)
    x, level = spins_and_levels(9)
    alone = torch.cat([net(x[k, None], level[k, None]) for k in range(len(x))])
    torch.testing.assert_close(net(x, level), alone, atol=1e-5, rtol=1e-5)
    assert float((net(x, level) - net(x, level.flip(0)))[0].abs().min()) > 1e-3


@torch.inference_mode()
def test_left_and_right_are_told_apart():
    """The law need not be symmetric under reflection, so the network must not be."""
    net = network(8, radius=3)
    x, level = spins_and_levels(8)
    assert float((net(x.flip(1), level) - net(x, level).flip(1)).abs().max()) > 1e-3


@pytest.mark.parametrize("option", ["width", "radius", "depth"])
def test_empty_networks_are_refused(option):
    with pytest.raises(UserError, match=f"{option}=0"):
        LeaveOneOutConv(8, **{option: 0})


@pytest.mark.parametrize("width", [7, 9])
def test_points_of_another_width_are_refused(width):
    with pytest.raises(UserError, match=r"expected \(n, 8\)"):
        LeaveOneOutConv(8)(torch.ones(2, width), torch.zeros(2))
