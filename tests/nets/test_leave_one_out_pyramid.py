"""The streams of the long ring's network see far, and never come around to their own site."""

import pytest
import torch

from truescore.errors import UserError
from truescore.nets import LeaveOneOutPyramid

SIZES = [(3, 16, 5), (4, 1, 5), (8, 1, 2), (9, 2, 5), (17, 2, 5), (33, 3, 2), (40, 16, 5)]
both = pytest.mark.parametrize("odd", [True, False], ids=["odd", "plain"])
sizes = pytest.mark.parametrize(("dim", "radius", "depth"), SIZES)


def network(dim, radius=2, depth=5, odd=True, **options):
    torch.manual_seed(dim)
    net = LeaveOneOutPyramid(dim, width=8, radius=radius, depth=depth, odd=odd, **options)
    # Weights far from their initial ones, so that no path is closed by a small or zero weight.
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return net


def spins_and_levels(dim, n=5):
    generator = torch.Generator().manual_seed(1)
    x = 2.0 * torch.randint(2, (n, dim), generator=generator) - 1
    return x, torch.linspace(-6, 1, n)


def reach(dim, radius, depth):
    """The largest radius 2^k below dim, k up to depth."""
    radius = min(radius, dim - 1)
    return max(radius * 2**k for k in range(depth + 1) if radius * 2**k < dim)


@both
@sizes
@torch.inference_mode()
def test_flipping_a_spin_leaves_its_own_output_the_same_to_the_bit(dim, radius, depth, odd):
    net = network(dim, radius, depth, odd)
    x, level = spins_and_levels(dim)
    before = net(x, level)
    for i in range(dim):
        flipped = x.clone()
        flipped[:, i] *= -1
        after = net(flipped, level)
        distance = (torch.arange(dim) - i).abs()
        distance = torch.minimum(distance, dim - distance)
        seen = (distance > 0) & (distance <= reach(dim, radius, depth))
        assert torch.equal(after[:, ~seen], before[:, ~seen])
        # Far sites may drown in the last bit of one point, not of all.
        assert (after != before).any(0)[seen].all()


@both
@sizes
def test_a_gradient_reaches_all_within_reach_and_not_the_site_itself(dim, radius, depth, odd):
    net = network(dim, radius, depth, odd).double()
    x, level = (part.double() for part in spins_and_levels(dim, n=1))
    jacobian = torch.autograd.functional.jacobian(lambda x: net(x, level)[0], x)[:, 0]
    seen = min(2 * reach(dim, radius, depth), dim - 1)
    assert torch.equal(jacobian.diagonal(), torch.zeros(dim).double())
    assert ((jacobian != 0).sum(1) == seen).all()


def test_the_default_sees_all_of_a_ring_of_1024():
    net = LeaveOneOutPyramid(1024)
    x, level = spins_and_levels(1024, n=1)
    x.requires_grad_()
    net(x, level)[0, 7].backward()
    assert torch.equal(x.grad[0] == 0, torch.arange(1024) == 7)


@pytest.mark.parametrize("reflection", [True, False], ids=["reflected", "free"])
@both
@torch.inference_mode()
def test_symmetries_hold_and_others_do_not(odd, reflection):
    net = network(11, odd=odd, reflection=reflection)
    x, level = spins_and_levels(11)
    answer = net(x, level)
    for shift in (1, 5):
        torch.testing.assert_close(net(x.roll(shift, 1), level), answer.roll(shift, 1))
    flipped = float((net(-x, level) + answer).abs().max())
    mirrored = float((net(x.flip(1), level) - answer.flip(1)).abs().max())
    assert flipped == 0 if odd else flipped > 1e-3
    assert mirrored < 1e-5 if reflection else mirrored > 1e-3


@torch.inference_mode()
def test_points_of_a_batch_do_not_meet_and_noise_matters():
    net = network(9)
    x, level = spins_and_levels(9)
    alone = torch.cat([net(x[k, None], level[k, None]) for k in range(len(x))])
    torch.testing.assert_close(net(x, level), alone, atol=1e-5, rtol=1e-5)
    assert float((net(x, level) - net(x, level.flip(0)))[0].abs().min()) > 1e-4


@pytest.mark.parametrize("reflection", [True, False], ids=["reflected", "free"])
def test_every_parameter_has_a_gradient(reflection):
    net = network(17, reflection=reflection)
    x, level = spins_and_levels(17)
    net(x, level).square().sum().backward()
    assert all(float(p.grad.abs().max()) > 0 for p in net.parameters())


@pytest.mark.parametrize("option", ["width", "radius", "depth"])
def test_empty_networks_are_refused(option):
    with pytest.raises(UserError, match=f"{option}=0"):
        LeaveOneOutPyramid(8, **{option: 0})
    with pytest.raises(UserError, match="dim=2"):
        LeaveOneOutPyramid(2)


@pytest.mark.parametrize("width", [7, 9])
def test_points_of_another_width_are_refused(width):
    with pytest.raises(UserError, match=r"expected \(n, 8\)"):
        LeaveOneOutPyramid(8)(torch.ones(2, width), torch.zeros(2))
