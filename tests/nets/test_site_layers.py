"""What is by hand, values, gradients and slopes, is that of the formulas as they are written."""

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck
from torch.nn.functional import conv1d

from truescore.nets import DilatedChainNet
from truescore.nets.site_layers import SiteConv, mirrored_conv, shifted, site_gate

POINTS, SITES = 3, 5
# Neighbours inside, on both sides of the middle, at the walls, and beyond them.
distances = pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 8])


def normals(*shapes):
    generator = torch.Generator().manual_seed(0)
    drawn = (torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes)
    return [each.requires_grad_() for each in drawn]


def conv_inputs():
    return normals((POINTS, SITES, 2), (4, 2), (4, 2))


def gate_inputs():
    return normals((POINTS, SITES, 2), *2 * [(POINTS, 1, 2)], *2 * [(SITES, 2)])


def gate_as_written(h, a, b, at_a, at_b):
    return h * torch.sigmoid((a + at_a) * h.abs() + b + at_b)


def conv_as_written(h, centre, side, k):
    kernel = torch.zeros(*centre.shape, 2 * k + 1, dtype=h.dtype)
    kernel[..., k], kernel[..., 0], kernel[..., -1] = centre, side, side
    return conv1d(h.mT, kernel, padding=k).mT


@distances
def test_shifted_fields_are_zero_beyond_the_walls(k):
    (h,) = normals((POINTS, SITES, 2))
    right, left = torch.zeros_like(h), torch.zeros_like(h)
    for i in range(SITES):
        if i - k >= 0:
            right[:, i] = h[:, i - k]
        if i + k < SITES:
            left[:, i] = h[:, i + k]
    assert torch.equal(shifted(h, k), right)
    assert torch.equal(shifted(h, -k), left)


@distances
def test_mirrored_convolution_is_torchs(k):
    inputs = conv_inputs()
    ours, theirs = mirrored_conv(*inputs, k), conv_as_written(*inputs, k)
    torch.testing.assert_close(ours, theirs, rtol=1e-13, atol=1e-13)
    weights = torch.randn(ours.shape, dtype=torch.float64)
    gradients = (torch.autograd.grad((y * weights).sum(), inputs) for y in (ours, theirs))
    for by_hand, by_autograd in zip(*gradients, strict=True):
        torch.testing.assert_close(by_hand, by_autograd, rtol=1e-12, atol=1e-12)


@distances
def test_convolutions_slopes_are_finite_differences(k):
    assert gradcheck(lambda *at: mirrored_conv(*at, k), conv_inputs(), check_forward_ad=True)


def test_the_gate_is_its_formula():
    inputs = gate_inputs()
    ours, plain = site_gate(*inputs), gate_as_written(*inputs)
    torch.testing.assert_close(ours, plain, rtol=1e-13, atol=1e-13)
    weights = torch.randn(ours.shape, dtype=torch.float64)
    gradients = (torch.autograd.grad((y * weights).sum(), inputs) for y in (ours, plain))
    for by_hand, by_autograd in zip(*gradients, strict=True):
        torch.testing.assert_close(by_hand, by_autograd, rtol=1e-12, atol=1e-12)


def test_the_gates_slopes_are_finite_differences():
    assert gradcheck(site_gate, gate_inputs(), check_forward_ad=True)


@pytest.mark.parametrize(
    ("ours", "plain", "inputs"),
    [
        (site_gate, gate_as_written, gate_inputs),
        (lambda *at: mirrored_conv(*at, 2), lambda *at: conv_as_written(*at, 2), conv_inputs),
    ],
    ids=["gate", "convolution"],
)
def test_a_loss_of_slopes_has_a_gradient(ours, plain, inputs):
    """As implicit score matching has, which trains the slope of the score."""
    given = inputs()
    direction = torch.ones_like(given[0])
    gradients = []
    for layer in (ours, plain):
        along = torch.func.jvp(lambda h, f=layer: f(h, *given[1:]), (given[0],), (direction,))[1]
        gradients.append(torch.autograd.grad((along**2).sum(), given[1:]))
    for by_hand, by_autograd in zip(*gradients, strict=True):
        torch.testing.assert_close(by_hand, by_autograd, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("reflection", [True, False])
def test_a_layer_is_a_dilated_convolution(reflection, bias):
    torch.manual_seed(0)
    layer = SiteConv(2, 4, 2, bias, reflection)
    (h,) = normals((POINTS, SITES, 2))
    kernel = torch.stack(layer.linear.weight.chunk(3, 1), -1)
    if reflection:
        kernel = (kernel + kernel.flip(-1)) / 2
    theirs = conv1d(h.float().mT, kernel, layer.linear.bias, padding=2, dilation=2).mT
    torch.testing.assert_close(layer(h.float()), theirs)


@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_a_networks_jacobians_are_the_same_forwards_backwards_and_for_many_points_at_once():
    torch.manual_seed(0)
    net = DilatedChainNet(SITES, channels=4, depth=3, n_modes=2).double()
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.3)
    points, level = torch.randn(4, SITES, 3, dtype=torch.float64), torch.zeros(1).double()

    def answer(x):
        return net(x[None], level)[0]

    forwards = torch.func.vmap(torch.func.jacfwd(answer))(points)
    backwards = torch.stack([torch.func.jacrev(answer)(x) for x in points])
    torch.testing.assert_close(forwards, backwards, rtol=1e-12, atol=1e-12)


def test_autocast_computes_in_low_precision():
    h, centre, side = (each.detach().float() for each in conv_inputs())
    with torch.autocast("cpu", torch.bfloat16):
        low = mirrored_conv(h, centre, side, 1)
    assert low.dtype == torch.bfloat16
    torch.testing.assert_close(low.float(), mirrored_conv(h, centre, side, 1), rtol=0.05, atol=0.05)


def test_a_compiler_sees_one_graph_of_the_same_network():
    torch.manual_seed(0)
    net = DilatedChainNet(SITES, channels=4, depth=2, n_modes=2).double()
    nn.init.normal_(net.head.weight)
    fields, level = torch.randn(2, SITES, 3, dtype=torch.float64), torch.zeros(2).double()
    compiled = torch.compile(net, backend="eager", fullgraph=True)
    gradients = []
    for each in (net, compiled):
        net.zero_grad()
        each(fields, level).square().sum().backward()
        gradients.append([p.grad.clone() for p in net.parameters()])
    for by_hand, by_autograd in zip(*gradients, strict=True):
        torch.testing.assert_close(by_hand, by_autograd, rtol=1e-10, atol=1e-10)
