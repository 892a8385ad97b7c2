"""Plain networks beside the chain's own: what they see, and that every weight has a part."""

import pytest
import torch

from truescore.errors import UserError
from truescore.nets import MLP, PlainCNN, ResidualMLP, UNet1d

NETWORKS = {
    "mlp": lambda dim: MLP(dim, width=8, depth=2),
    "residual_mlp": lambda dim: ResidualMLP(dim, width=8, depth=2),
    "plain_cnn": lambda dim: PlainCNN(channels=6, depth=2, kernel_size=3),
    "unet": lambda dim: UNet1d(dim, channels=6, depth=2),
}
each = pytest.mark.parametrize("name", NETWORKS)
lengths = pytest.mark.parametrize("dim", [4, 9, 16, 22])


def moved(net):
    """Away from the start, where the answer is zero or the features are small."""
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return net


def network(name, dim):
    torch.manual_seed(dim)
    return moved(NETWORKS[name](dim))


def points(dim, n=4):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, dim, generator=generator), torch.linspace(-4, 4, n)


@each
@lengths
@torch.inference_mode()
def test_points_of_a_batch_do_not_meet_and_noise_matters(name, dim):
    net = network(name, dim)
    x, level = points(dim)
    answer = net(x, level)
    assert answer.shape == x.shape
    alone = torch.cat([net(x[k, None], level[k, None]) for k in range(len(x))])
    torch.testing.assert_close(answer, alone, atol=1e-5, rtol=1e-5)
    assert float((answer - net(x, level.flip(0)))[0].abs().min()) > 1e-4


@each
@lengths
def test_every_weight_has_a_part_in_the_answer(name, dim):
    net = network(name, dim)
    x, level = points(dim, n=32)
    (net(x, level) ** 2).sum().backward()
    for label, parameter in net.named_parameters():
        assert bool((parameter.grad != 0).any()), label


@pytest.mark.parametrize("name", ["residual_mlp", "plain_cnn", "unet"])
@torch.inference_mode()
def test_a_new_network_answers_zero(name):
    x, level = points(9)
    assert torch.equal(NETWORKS[name](9)(x, level), torch.zeros_like(x))


def reach(net, dim, site):
    """Sites whose answer changes with the value at one site."""
    x, level = points(dim)
    changed = x.clone()
    changed[:, site] += 1
    return ((net(changed, level) - net(x, level)).abs() > 1e-7).any(0).nonzero()[:, 0].tolist()


@pytest.mark.parametrize(("depth", "kernel_size"), [(2, 3), (3, 5), (1, 7)])
@torch.inference_mode()
def test_convolutions_see_as_far_as_they_say(depth, kernel_size):
    torch.manual_seed(0)
    net = moved(PlainCNN(channels=6, depth=depth, kernel_size=kernel_size))
    far = (depth + 1) * (kernel_size - 1) // 2
    assert reach(net, 40, 20) == list(range(20 - far, 20 + far + 1))


@torch.inference_mode()
def test_convolutions_know_a_place_by_the_walls_alone():
    torch.manual_seed(0)
    net = moved(PlainCNN(channels=6, depth=2, kernel_size=3))
    x, level = points(30)
    shifted = net(x.roll(4, 1), level) - net(x, level).roll(4, 1)
    far = 3
    torch.testing.assert_close(shifted[:, 4 + far : -far], torch.zeros(4, 20), atol=1e-5, rtol=0)
    assert float(shifted[:, :4].abs().max()) > 1e-2


@pytest.mark.parametrize("depth", [1, 2, 3])
@torch.inference_mode()
def test_u_net_sees_further_with_every_halving(depth):
    torch.manual_seed(0)
    seen = reach(moved(UNet1d(64, channels=6, depth=depth)), 64, 32)
    shallow = reach(moved(UNet1d(64, channels=6, depth=depth - 1)), 64, 32) if depth > 1 else [32]
    assert seen[0] < shallow[0] and seen[-1] > shallow[-1]
    assert len(seen) >= 3 * 2**depth


def test_baseline_for_the_chain_has_the_usual_size():
    assert 60_000 < sum(p.numel() for p in PlainCNN().parameters()) < 300_000


@pytest.mark.parametrize(
    ("kind", "options", "named"),
    [
        (ResidualMLP, {"dim": 4, "width": 0}, "width=0"),
        (ResidualMLP, {"dim": 4, "depth": 0}, "depth=0"),
        (PlainCNN, {"channels": 0}, "channels=0"),
        (PlainCNN, {"depth": 0}, "depth=0"),
        (PlainCNN, {"kernel_size": 4}, "odd kernel_size"),
        (UNet1d, {"dim": 8, "channels": 0}, "channels=0"),
        (UNet1d, {"dim": 8, "depth": 4}, "cannot be halved"),
    ],
)
def test_impossible_networks_are_refused(kind, options, named):
    with pytest.raises(UserError, match=named):
        kind(**options)
