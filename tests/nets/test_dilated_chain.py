"""The chain's network keeps the symmetries it is asked for, whatever its weights, and no others."""

import pytest
import torch

from truescore.errors import UserError
from truescore.nets import DilatedChainNet

CASES = [(8, 3), (9, 4), (16, 0), (7, 7)]
sizes = pytest.mark.parametrize(("dim", "n_modes"), CASES)


def network(dim, n_modes, odd=True, reflection=True, **options):
    torch.manual_seed(dim)
    net = DilatedChainNet(
        dim, channels=6, depth=3, n_modes=n_modes, odd=odd, reflection=reflection, **options
    )
    # The heads start at zero: without this every symmetry would hold of the zero function.
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return net


def fields_and_levels(dim, n=4, channels=2):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, dim, channels, generator=generator), torch.linspace(-4, 4, n)


def broken(net, x, level):
    """Largest violation of oddness and of reflection, relative to the output."""
    y = net(x, level)
    size = y.abs().max()
    assert size > 0.1
    odd = (net(-x, level) + y).abs().max() / size
    reflection = (net(x.flip(1), level) - y.flip(1)).abs().max() / size
    return float(odd), float(reflection)


@sizes
@pytest.mark.parametrize("odd", [True, False], ids=["odd", "plain"])
@pytest.mark.parametrize("reflection", [True, False], ids=["mirrored", "free"])
@torch.inference_mode()
def test_symmetries_hold_exactly_when_they_are_asked_for(dim, n_modes, odd, reflection):
    net = network(dim, n_modes, odd, reflection)
    odd_error, reflection_error = broken(net, *fields_and_levels(dim))
    assert odd_error < 1e-5 if odd else odd_error > 0.01
    assert reflection_error < 1e-5 if reflection else reflection_error > 0.01


@pytest.mark.parametrize("odd", [True, False], ids=["odd", "plain"])
@pytest.mark.parametrize("reflection", [True, False], ids=["mirrored", "free"])
@torch.inference_mode()
def test_each_part_keeps_the_symmetries_alone(odd, reflection):
    """The convolutions and the network of waves, so that neither hides behind the other."""
    x, level = fields_and_levels(9)
    net = network(9, 5, odd, reflection)
    for odd_error, reflection_error in (
        broken(net.waves_net, x, level),
        broken(lambda x, level: net(x, level) - net.waves_net(x, level), x, level),
    ):
        assert odd_error < 1e-5 if odd else odd_error > 0.01
        assert reflection_error < 1e-5 if reflection else reflection_error > 0.01


@torch.inference_mode()
def test_a_new_network_answers_zero():
    """So that training starts from the skip law."""
    x, level = fields_and_levels(8)
    assert torch.equal(DilatedChainNet(8)(x, level), torch.zeros(4, 8))


@torch.inference_mode()
def test_walls_are_felt():
    """Unlike a convolution on a ring: a shifted field does not give the shifted answer."""
    net = network(16, 0)
    x, level = fields_and_levels(16)
    x[:, 12:] = 0
    shifted = net(x.roll(4, 1), level)
    assert float((shifted - net(x, level).roll(4, 1))[:, 6:10].abs().max()) > 1e-2


@torch.inference_mode()
def test_waves_carry_what_no_window_sees():
    """Without waves the ends of a long chain are out of each other's sight; with them not."""
    x, level = fields_and_levels(64)
    far = x.clone()
    far[:, 0] += 30
    unseen = network(64, 0)
    torch.testing.assert_close(unseen(far, level)[:, -1], unseen(x, level)[:, -1], atol=0, rtol=0)
    seen = network(64, 2)
    assert float((seen(far, level) - seen(x, level))[:, -1].abs().min()) > 1e-4


@torch.inference_mode()
def test_points_of_a_batch_do_not_meet_and_noise_matters():
    net = network(9, 4)
    x, level = fields_and_levels(9)
    alone = torch.cat([net(x[k, None], level[k, None]) for k in range(len(x))])
    torch.testing.assert_close(net(x, level), alone, atol=1e-5, rtol=1e-5)
    assert float((net(x, level) - net(x, level.flip(0)))[0].abs().max()) > 1e-2


@torch.inference_mode()
def test_every_field_is_used():
    net = network(9, 4, in_channels=3)
    x, level = fields_and_levels(9, channels=3)
    for channel in range(3):
        changed = x.clone()
        changed[..., channel] += 1
        assert float((net(changed, level) - net(x, level)).abs().max()) > 1e-2


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"channels": 0}, "channels=0"),
        ({"depth": 0}, "depth=0"),
        ({"n_modes": 9}, "n_modes=9"),
        ({"n_modes": -1}, "n_modes=-1"),
    ],
)
def test_impossible_networks_are_refused(options, named):
    with pytest.raises(UserError, match=named):
        DilatedChainNet(8, **options)


@pytest.mark.parametrize("shape", [(2, 7, 2), (2, 9, 2), (2, 8, 1), (2, 8)])
def test_fields_of_another_shape_are_refused(shape):
    with pytest.raises((UserError, RuntimeError)):
        DilatedChainNet(8)(torch.ones(shape), torch.zeros(2))
