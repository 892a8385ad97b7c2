"""Output i of the torus's network never sees input i, to the bit, and both axes are circular."""

import pytest
import torch

from truescore.errors import UserError
from truescore.nets import LeaveOneOutConv2d

SIZES = [(3, 3, 3), (4, 4, 3), (4, 5, 1), (5, 8, 2), (8, 8, 3)]
both = pytest.mark.parametrize("odd", [True, False], ids=["odd", "plain"])
sizes = pytest.mark.parametrize(("rows", "columns", "radius"), SIZES)


def network(rows, columns, radius=3, odd=True):
    torch.manual_seed(rows)
    net = LeaveOneOutConv2d(rows * columns, rows, columns, width=8, radius=radius, odd=odd)
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
def test_flipping_a_spin_changes_the_outputs_within_reach_but_its_own(rows, columns, radius, odd):
    net = network(rows, columns, radius, odd)
    x, level = spins_and_levels(rows * columns)
    before = net(x, level)
    for i in range(rows * columns):
        flipped = x.clone()
        flipped[:, i] *= -1
        after = net(flipped, level)
        # Which sites j have i = j + (a, b), -radius <= a, b <= radius, on the lattice; each once.
        row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        near = [
            torch.minimum((i // columns - row) % rows, (row - i // columns) % rows) <= radius,
            torch.minimum((i % columns - column) % columns, (column - i % columns) % columns)
            <= radius,
        ]
        seen = (near[0] & near[1]).flatten()
        seen[i] = False
        assert (after != before)[:, seen].all()
        assert torch.equal(after[:, ~seen], before[:, ~seen])


@both
def test_no_gradient_reaches_a_site_from_itself(odd):
    net = network(4, 5, odd=odd)
    x, level = spins_and_levels(20, n=1)
    jacobian = torch.autograd.functional.jacobian(lambda x: net(x, level)[0], x)[:, 0]
    assert torch.equal(jacobian.diagonal(), torch.zeros(20))
    assert ((jacobian != 0).sum(1) == 19).all()


@both
@torch.inference_mode()
def test_translations_along_both_axes_translate_the_output(odd):
    net = network(4, 5, radius=2, odd=odd)
    x, level = spins_and_levels(20)

    def moved(field, shift):
        return field.unflatten(1, (4, 5)).roll(shift, (1, 2)).flatten(1)

    for shift in [(1, 0), (0, 1), (3, 2)]:
        answer = net(moved(x, shift), level)
        torch.testing.assert_close(answer, moved(net(x, level), shift), atol=2e-6, rtol=2e-6)


@torch.inference_mode()
def test_odd_network_is_odd_and_the_other_is_not():
    x, level = spins_and_levels(12)
    odd, plain = network(3, 4), network(3, 4, odd=False)
    torch.testing.assert_close(odd(-x, level), -odd(x, level), atol=0, rtol=0)
    assert float((plain(-x, level) + plain(x, level)).abs().min()) > 1e-3


@torch.inference_mode()
def test_points_of_a_batch_do_not_meet_and_noise_matters():
    net = network(3, 4)
    x, level = spins_and_levels(12)
    alone = torch.cat([net(x[k, None], level[k, None]) for k in range(len(x))])
    torch.testing.assert_close(net(x, level), alone, atol=1e-5, rtol=1e-5)
    assert float((net(x, level) - net(x, level.flip(0)))[0].abs().min()) > 1e-3


def test_every_parameter_has_a_gradient():
    net = network(4, 4)
    x, level = spins_and_levels(16)
    net(x, level).square().sum().backward()
    assert all(float(p.grad.abs().max()) > 0 for p in net.parameters())


@pytest.mark.parametrize("option", ["width", "radius", "depth"])
def test_empty_networks_are_refused(option):
    with pytest.raises(UserError, match=f"{option}=0"):
        LeaveOneOutConv2d(12, 3, 4, **{option: 0})


def test_other_lattices_and_points_of_another_width_are_refused():
    with pytest.raises(UserError, match="got rows=4, columns=4 for a law of 12 sites"):
        LeaveOneOutConv2d(12, 4, 4)
    with pytest.raises(UserError, match=r"expected \(n, 12\)"):
        LeaveOneOutConv2d(12, 3, 4)(torch.ones(2, 16), torch.zeros(2))
