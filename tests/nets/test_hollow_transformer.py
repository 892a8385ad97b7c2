"""Output i of the hollow transformer never sees input i, to the bit, and sees all others."""

import pytest
import torch

from truescore.errors import UserError
from truescore.nets import HollowTransformer


def network(dim=9, **options):
    torch.manual_seed(dim)
    net = HollowTransformer(dim, width=16, **options)
    # Weights far from their initial ones, so that no path is closed by a small or zero weight.
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return net


def spins_and_levels(dim, n=5):
    generator = torch.Generator().manual_seed(1)
    x = 2.0 * torch.randint(2, (n, dim), generator=generator) - 1
    return x, torch.linspace(-6, 1, n)


@pytest.mark.parametrize(("dim", "depth"), [(2, 1), (9, 2), (33, 2)])
@torch.inference_mode()
def test_flipping_a_spin_changes_every_output_but_its_own(dim, depth):
    net = network(dim, depth=depth)
    x, level = spins_and_levels(dim)
    before = net(x, level)
    for i in range(dim):
        flipped = x.clone()
        flipped[:, i] *= -1
        after = net(flipped, level)
        assert torch.equal(after[:, i], before[:, i])
        others = torch.arange(dim) != i
        assert (after != before).any(0)[others].all()


def test_no_gradient_reaches_a_site_from_itself():
    net = network()
    x, level = spins_and_levels(9, n=1)
    jacobian = torch.autograd.functional.jacobian(lambda x: net(x, level)[0], x)[:, 0]
    assert torch.equal(jacobian.diagonal(), torch.zeros(9))
    assert ((jacobian != 0).sum(1) == 8).all()


@torch.inference_mode()
def test_times_the_spin_it_is_locally_equivariant():
    """F_i(flip_i x) = -F_i(x): Holderrieth et al. 2025, equation of local equivariance."""
    net = network()
    x, level = spins_and_levels(9)
    flux = x * net(x, level)
    for i in range(9):
        flipped = x.clone()
        flipped[:, i] *= -1
        assert torch.equal((flipped * net(flipped, level))[:, i], -flux[:, i])
    assert float(flux.abs().min()) > 0


@torch.inference_mode()
def test_points_of_a_batch_do_not_meet_and_noise_matters():
    net = network()
    x, level = spins_and_levels(9)
    alone = torch.cat([net(x[k, None], level[k, None]) for k in range(len(x))])
    torch.testing.assert_close(net(x, level), alone, atol=1e-5, rtol=1e-5)
    assert float((net(x, level) - net(x, level.flip(0)))[0].abs().min()) > 1e-4


@torch.inference_mode()
def test_places_are_told_apart():
    """No symmetry of the law is built in."""
    net = network()
    x, level = spins_and_levels(9)
    answer = net(x, level)
    assert float((net(x.roll(1, 1), level).roll(-1, 1) - answer).abs().max()) > 1e-2
    assert float((net(-x, level) + answer).abs().max()) > 1e-2
    assert float((net(x.flip(1), level).flip(1) - answer).abs().max()) > 1e-2


def test_every_parameter_has_a_gradient():
    net = network()
    x, level = spins_and_levels(9)
    net(x, level).square().sum().backward()
    assert all(float(p.grad.abs().max()) > 0 for p in net.parameters())


@torch.inference_mode()
def test_the_answer_starts_at_even_odds():
    x, level = spins_and_levels(9)
    assert not HollowTransformer(9)(x, level).any()


@pytest.mark.parametrize("options", [{"width": 0}, {"depth": 0}, {"heads": 0}, {"heads": 3}])
def test_empty_networks_and_heads_that_do_not_divide_are_refused(options):
    ((name, value),) = options.items()
    with pytest.raises(UserError, match=f"{name}={value}"):
        HollowTransformer(8, **options)


@pytest.mark.parametrize("width", [7, 9])
def test_points_of_another_width_are_refused(width):
    with pytest.raises(UserError, match=r"expected \(n, 8\)"):
        HollowTransformer(8)(torch.ones(2, width), torch.zeros(2))
