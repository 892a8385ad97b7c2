"""Plain perceptrons: what two of the usual baselines compute, to the letter."""

import pytest
import torch

from truescore.errors import UserError
from truescore.nets import MLP

BY_HAND = {
    "tanh": torch.tanh,
    "softplus": lambda h: (1 + h.exp()).log(),
    "silu": lambda h: h / (1 + (-h).exp()),
}


def points(dim, n=5):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, dim, generator=generator), torch.linspace(-4, 4, n)


@pytest.mark.parametrize("activation", BY_HAND)
@pytest.mark.parametrize("time", [True, False])
@torch.inference_mode()
def test_it_is_affine_maps_with_activations_between(activation, time):
    torch.manual_seed(0)
    net = MLP(3, width=7, depth=2, activation=activation, time=time)
    x, level = points(3)
    h = torch.cat([x, level[:, None] / 4], 1) if time else x
    weights = list(net.parameters())
    for k in range(0, 6, 2):
        h = h @ weights[k].mT + weights[k + 1]
        h = BY_HAND[activation](h) if k < 4 else h
    torch.testing.assert_close(net(x, level), h)


@pytest.mark.parametrize(
    ("dim", "options", "count"),
    [
        # 2-50-50-50-1 on a line and its noise level; 2-128-2 in the plane, without one.
        (1, {"width": 50, "depth": 3, "activation": "tanh"}, 150 + 2 * 2550 + 51),
        (2, {"width": 128, "depth": 1, "activation": "softplus", "time": False}, 384 + 258),
    ],
)
def test_usual_baselines_have_their_number_of_weights(dim, options, count):
    net = MLP(dim, **options)
    assert sum(p.numel() for p in net.parameters()) == count
    assert net(*points(dim)).shape == (5, dim)


@pytest.mark.parametrize(
    ("options", "named"),
    [({"width": 0}, "width=0"), ({"depth": 0}, "depth=0"), ({"activation": "relu"}, "relu")],
)
def test_impossible_networks_are_refused(options, named):
    with pytest.raises(UserError, match=named):
        MLP(2, **options)
