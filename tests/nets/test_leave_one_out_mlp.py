"""Output i of the network without a geometry never sees input i, to the bit."""

import pytest
import torch

from truescore.errors import UserError
from truescore.nets import LeaveOneOutMLP


def network(dim=9):
    torch.manual_seed(dim)
    net = LeaveOneOutMLP(dim, width=8, depth=2)
    # Weights far from their initial ones, so that no path is closed by a small or zero weight.
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return net


def spins_and_levels(dim, n=5):
    generator = torch.Generator().manual_seed(1)
    x = 2.0 * torch.randint(2, (n, dim), generator=generator) - 1
    return x, torch.linspace(-6, 1, n)


@pytest.mark.parametrize("dim", [2, 9, 32])
@torch.inference_mode()
def test_flipping_a_spin_changes_every_output_but_its_own(dim):
    net = network(dim)
    x, level = spins_and_levels(dim)
    before = net(x, level)
    for i in range(dim):
        flipped = x.clone()
        flipped[:, i] *= -1
        after = net(flipped, level)
        assert torch.equal(after[:, i], before[:, i])
        others = torch.arange(dim) != i
        assert (after != before)[:, others].all()


@pytest.mark.parametrize("value", [0.0, 1e6, torch.nan])
@torch.inference_mode()
def test_not_even_nonsense_leaks(value):
    net = network()
    x, level = spins_and_levels(9)
    before = net(x, level)[:, 4]
    x[:, 4] = value
    assert torch.equal(net(x, level)[:, 4], before)


def test_no_gradient_reaches_a_site_from_itself():
    net = network()
    x, level = spins_and_levels(9, n=1)
    jacobian = torch.autograd.functional.jacobian(lambda x: net(x, level)[0], x)[:, 0]
    assert torch.equal(jacobian.diagonal(), torch.zeros(9))
    assert ((jacobian != 0).sum(1) == 8).all()


@torch.inference_mode()
def test_points_of_a_batch_do_not_meet_and_noise_matters():
    net = network()
    x, level = spins_and_levels(9)
    alone = torch.cat([net(x[k, None], level[k, None]) for k in range(len(x))])
    torch.testing.assert_close(net(x, level), alone, atol=1e-5, rtol=1e-5)
    assert float((net(x, level) - net(x, level.flip(0)))[0].abs().min()) > 1e-4


@torch.inference_mode()
def test_sites_are_told_apart():
    """No symmetry of the law is built in."""
    net = network()
    x, level = spins_and_levels(9)
    assert float((net(x.roll(1, 1), level).roll(-1, 1) - net(x, level)).abs().max()) > 1e-3
    assert float((net(-x, level) + net(x, level)).abs().max()) > 1e-3


@torch.inference_mode()
def test_the_answer_starts_at_even_odds():
    x, level = spins_and_levels(9)
    assert not LeaveOneOutMLP(9)(x, level).any()


@pytest.mark.parametrize("option", ["width", "depth"])
def test_empty_networks_are_refused(option):
    with pytest.raises(UserError, match=f"{option}=0"):
        LeaveOneOutMLP(8, **{option: 0})


@pytest.mark.parametrize("width", [7, 9])
def test_points_of_another_width_are_refused(width):
    with pytest.raises(UserError, match=r"expected \(n, 8\)"):
        LeaveOneOutMLP(8)(torch.ones(2, width), torch.zeros(2))
