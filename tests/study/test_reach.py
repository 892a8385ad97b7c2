"""How far networks see, measured on what they answer, and how far laws are correlated."""

import math

import pytest
import torch

from truescore.nets import (
    DilatedChainNet,
    LeaveOneOutConv,
    LeaveOneOutMessages,
    LeaveOneOutPyramid,
    PlainCNN,
)
from truescore.study.reach import beside, law_length, reach

D = 24


def heard(net, *channels):
    """Distances to the site in the middle from which its answer changes, whatever its weights."""
    for weight in net.parameters():
        torch.nn.init.normal_(weight, std=0.5, generator=torch.Generator().manual_seed(0))
    x = torch.randn(1, D, *channels, generator=torch.Generator().manual_seed(1))
    x.requires_grad_()
    net(x, torch.zeros(1))[0, D // 2].sum().backward()
    sites = x.grad[0].reshape(D, -1).abs().sum(1).nonzero().flatten() - D // 2
    return sites.tolist()


@pytest.mark.parametrize(
    "net",
    [
        LeaveOneOutConv(D, width=4, radius=3),
        LeaveOneOutPyramid(D, width=4, radius=2, depth=2),
        PlainCNN(4, depth=2, kernel_size=3),
    ],
)
def test_an_answer_depends_on_the_sites_within_reach_and_on_no_other(net):
    sites = heard(net)
    assert (min(sites), max(sites)) == (-net.reach, net.reach)


def test_the_convolutions_of_a_chain_see_their_reach():
    net = DilatedChainNet(D, channels=4, depth=3, n_modes=0, in_channels=1, out_channels=1)
    sites = heard(net, 1)
    assert (min(sites), max(sites)) == (-8, 8) and net.reach == 8


def test_messages_come_from_all_within_reach_at_least():
    net = LeaveOneOutMessages(D, radius=4)
    assert net.reach == 4
    assert set(range(-4, 5)) - {0} <= set(heard(net))


def config(net, dim=D):
    law = {"_target_": "truescore.targets.IsingRing", "name": "ising_ring", "dim": dim}
    return {"dataset": {**law, "n_train": 100}, "model": {"net": net}}


def test_both_are_read_from_a_runs_configuration():
    messages = {"_target_": "truescore.nets.LeaveOneOutMessages", "width": 4, "radius": 24}
    assert reach(config(messages)) == 18  # three quarters of the ring
    assert law_length(config(messages, 100)) == pytest.approx(-1 / math.log(math.tanh(1)))
    assert beside(12.0, 3.6719) == "12 / 3.67" and beside(15.0, math.inf) == "15 / ∞"


def test_what_is_not_known_is_a_dash():
    perceptron = {"_target_": "truescore.nets.LeaveOneOutMLP", "width": 4, "depth": 1}
    elsewhere = {"_target_": "nowhere.Net"}
    for net in (perceptron, elsewhere):
        assert math.isnan(reach(config(net)))
    assert math.isnan(reach({"dataset": {"dim": 4}}))
    assert beside(math.nan, math.nan) == "-" and beside(math.nan, 2.0) == "- / 2"
