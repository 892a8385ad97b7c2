"""The network of masked sites reads spins and masks, one pass for all."""

import pytest
import torch

from truescore.errors import UserError
from truescore.nets import MaskedMLP


def network(dim=6):
    torch.manual_seed(0)
    net = MaskedMLP(dim, width=16, depth=2)
    torch.nn.init.normal_(net.head[1].weight)
    return net


@torch.inference_mode()
def test_masks_are_not_spins_that_cancel():
    net, level = network(), torch.zeros(1)
    masked = torch.tensor([[1.0, 0, -1, 1, 0, 1]])
    mean = sum(net(masked + d * torch.eye(6)[1], level) for d in (1, -1)) / 2
    assert (net(masked, level) - mean).abs().max() > 1e-3


@torch.inference_mode()
def test_the_noise_level_says_nothing_and_points_do_not_meet():
    net = network()
    x = torch.randint(3, (5, 6), generator=torch.Generator().manual_seed(1)) - 1.0
    alone = torch.cat([net(row[None], torch.full((1,), 3.0)) for row in x])
    torch.testing.assert_close(net(x, torch.zeros(5)), alone)


def test_it_starts_at_even_odds_and_every_parameter_learns():
    net = MaskedMLP(6, width=16, depth=2)
    x = torch.ones(3, 6)
    assert (net(x, torch.zeros(3)) == 0).all()
    network_ = network()
    network_(x, torch.zeros(3)).square().sum().backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in network_.parameters())


def test_bad_shapes_and_sizes_are_refused():
    with pytest.raises(UserError, match="got width=0"):
        MaskedMLP(4, width=0)
    with pytest.raises(UserError, match="reshape the sites"):
        network()(torch.ones(2, 5), torch.zeros(2))
