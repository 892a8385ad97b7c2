"""The chain's network keeps the symmetries it is asked for, whatever its weights, and no others."""

import copy

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


def fields_and_levels(dim, n=4, channels=3):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, dim, channels, generator=generator), torch.linspace(-4, 4, n)


def without_waves(net):
    net = copy.deepcopy(net)
    net.waves_net = None
    return net


def largest(answer):
    """Largest absolute value in each field of an answer ``(n, ..., c)``."""
    return answer.abs().flatten(0, -2).amax(0)


def check_symmetries(net, x, level, odd, reflection):
    """Each field of the answer has the symmetries asked for, and visibly lacks the others."""
    y = net(x, level)
    size = largest(y)
    assert (size > 0.1).all()
    for asked, violation in (
        (odd, net(-x, level) + y),
        (reflection, net(x.flip(1), level) - y.flip(1)),
    ):
        error = largest(violation) / size
        assert (error < 1e-5).all() if asked else (error > 0.01).all()


@sizes
@pytest.mark.parametrize("odd", [True, False], ids=["odd", "plain"])
@pytest.mark.parametrize("reflection", [True, False], ids=["mirrored", "free"])
@torch.inference_mode()
def test_symmetries_hold_exactly_when_they_are_asked_for(dim, n_modes, odd, reflection):
    net = network(dim, n_modes, odd, reflection)
    check_symmetries(net, *fields_and_levels(dim), odd, reflection)


@pytest.mark.parametrize("odd", [True, False], ids=["odd", "plain"])
@pytest.mark.parametrize("reflection", [True, False], ids=["mirrored", "free"])
@torch.inference_mode()
def test_each_part_keeps_the_symmetries_alone(odd, reflection):
    """The convolutions and the network of waves, so that neither hides behind the other."""
    x, level = fields_and_levels(9)
    net = network(9, 5, odd, reflection)
    check_symmetries(lambda *at: net.waves_net(*at)[..., None], x, level, odd, reflection)
    check_symmetries(without_waves(net), x, level, odd, reflection)


@pytest.mark.parametrize("out_channels", [1, 2, 3])
@torch.inference_mode()
def test_waves_answer_for_the_last_field_alone(out_channels):
    x, level = fields_and_levels(9)
    net = network(9, 4, out_channels=out_channels)
    answer, local, waves = net(x, level), without_waves(net)(x, level), net.waves_net(x, level)
    assert answer.shape == (4, 9, out_channels)
    assert torch.equal(answer[..., :-1], local[..., :-1])
    torch.testing.assert_close(answer[..., -1], local[..., -1] + waves)


@torch.inference_mode()
def test_waves_answer_with_their_own_waves():
    """What they give back is orthogonal to every shorter wave."""
    x, level = fields_and_levels(9)
    answer = network(9, 4).waves_net(x, level).double()
    site, k = torch.arange(1, 10).double(), torch.arange(1, 10).double()
    amplitudes = answer @ (torch.pi * site[:, None] * k / 10).sin()
    assert (largest(amplitudes[:, :4]) > 1e-2).all()
    assert (largest(amplitudes[:, 4:]) < 1e-5).all()


@torch.inference_mode()
def test_a_new_network_answers_zero():
    """So that training starts from the skip law."""
    x, level = fields_and_levels(8)
    assert torch.equal(DilatedChainNet(8)(x, level), torch.zeros(4, 8, 2))


@torch.inference_mode()
def test_walls_are_felt():
    """Unlike a convolution on a ring: a shifted field does not give the shifted answer."""
    net = network(16, 0)
    x, level = fields_and_levels(16)
    x[:, 12:] = 0
    shifted = net(x.roll(4, 1), level)
    assert (largest((shifted - net(x, level).roll(4, 1))[:, 6:10]) > 1e-2).all()


@torch.inference_mode()
def test_waves_carry_what_no_window_sees():
    """The ends of a long chain are out of each other's sight, but for the waves' field."""
    x, level = fields_and_levels(64)
    far = x.clone()
    far[:, 0] += 30
    unseen = network(64, 0)
    torch.testing.assert_close(unseen(far, level)[:, -1], unseen(x, level)[:, -1], atol=0, rtol=0)
    seen = network(64, 2)
    change = (seen(far, level) - seen(x, level))[:, -1].abs()
    assert float(change[:, 0].max()) == 0
    assert float(change[:, 1].min()) > 1e-4


@torch.inference_mode()
def test_points_of_a_batch_do_not_meet_and_noise_matters():
    net = network(9, 4)
    x, level = fields_and_levels(9)
    alone = torch.cat([net(x[k, None], level[k, None]) for k in range(len(x))])
    torch.testing.assert_close(net(x, level), alone, atol=1e-5, rtol=1e-5)
    assert (largest((net(x, level) - net(x, level.flip(0)))[:1]) > 1e-2).all()


@torch.inference_mode()
def test_every_field_is_used():
    net = network(9, 4, in_channels=3)
    x, level = fields_and_levels(9, channels=3)
    for channel in range(3):
        changed = x.clone()
        changed[..., channel] += 1
        assert (largest(net(changed, level) - net(x, level)) > 1e-2).all()


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


@pytest.mark.parametrize("shape", [(2, 7, 3), (2, 9, 3), (2, 8, 2), (2, 8)])
def test_fields_of_another_shape_are_refused(shape):
    with pytest.raises((UserError, RuntimeError)):
        DilatedChainNet(8)(torch.ones(shape), torch.zeros(2))
