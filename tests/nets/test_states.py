"""Networks that take states: one channel a symbol in, q logits out, a site's own symbol unseen."""

import functools

import pytest
import torch

from truescore.errors import UserError
from truescore.nets import (
    HollowTransformer,
    LeaveOneOutConv,
    LeaveOneOutMessages,
    LeaveOneOutMLP,
    LeaveOneOutPyramid,
    MaskedMLP,
)

DIM, M, Q = 9, 4, 3
# Each with how far it sees to either side.
NETS = {
    "convolution": (functools.partial(LeaveOneOutConv, width=8, radius=3), 3),
    "perceptron": (functools.partial(LeaveOneOutMLP, width=8), 4),
    "messages": (functools.partial(LeaveOneOutMessages, width=8, radius=4), 4),
    "pyramid": (functools.partial(LeaveOneOutPyramid, width=8, radius=1, depth=1), 2),
    "transformer": (functools.partial(HollowTransformer, width=8), 4),
}
ALL = {name: make for name, (make, _) in NETS.items()} | {"masked": MaskedMLP}


def stirred(make, **options):
    """Weights far from their initial ones, so that no path is closed by a zero weight."""
    torch.manual_seed(3)
    net = make(DIM, n_symbols=M, n_states=Q, **options)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return net


def symbols(n=5):
    return torch.randint(M, (n, DIM), generator=torch.Generator().manual_seed(1))


def answers(net, index):
    shown = torch.nn.functional.one_hot(index, M).float()
    return net(shown, torch.linspace(-6, 1, len(index)))


@pytest.mark.parametrize("case", NETS)
@torch.inference_mode()
def test_states_are_seen_by_all_within_reach_but_their_own_site(case):
    make, reach = NETS[case]
    net, index = stirred(make), symbols()
    before = answers(net, index)
    assert before.shape == (5, DIM, Q)
    for i in range(DIM):
        changed = index.clone()
        changed[:, i] = (changed[:, i] + 1) % M
        after = answers(net, changed)
        distance = (torch.arange(DIM) - i).abs()
        distance = torch.minimum(distance, DIM - distance)
        seen = (distance > 0) & (distance <= reach)
        assert (after != before).any(-1)[:, seen].all()
        assert torch.equal(after[:, ~seen], before[:, ~seen])


@pytest.mark.parametrize("case", ["convolution", "pyramid", "messages"])
@torch.inference_mode()
def test_networks_of_rings_turn_with_the_ring(case):
    net, index = stirred(NETS[case][0]), symbols()
    shift = 1
    if case == "messages":  # symmetric under a shift by a block, where blocks fill the ring
        net = stirred(functools.partial(LeaveOneOutMessages, width=8, radius=6))
        shift = net.block
        assert shift == 3
    turned = answers(net, index.roll(shift, 1)).roll(-shift, 1)
    torch.testing.assert_close(turned, answers(net, index), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("case", ["messages", "pyramid"])
@torch.inference_mode()
def test_reflections_are_built_in(case):
    options = {"reflection": True} if case == "pyramid" else {}
    net, index = stirred(NETS[case][0], **options), symbols()
    mirrored = answers(net, index.flip(1)).flip(1)
    torch.testing.assert_close(mirrored, answers(net, index), atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_the_network_of_masks_sees_every_symbol_from_every_site():
    net, index = stirred(functools.partial(MaskedMLP, width=16)), symbols()
    before = answers(net, index)
    assert before.shape == (5, DIM, Q)
    for i in range(DIM):
        for shift in range(1, M):
            changed = index.clone()
            changed[:, i] = (changed[:, i] + shift) % M
            assert (answers(net, changed) != before).any(-1).all()


@pytest.mark.parametrize("case", ["convolution", "messages", "pyramid"])
def test_the_flip_of_all_spins_does_not_concern_states(case):
    """An odd network answers even odds to no input at all, one of states need not."""
    make = NETS[case][0]
    one, other = stirred(make, odd=True), stirred(make, odd=False)
    assert torch.equal(answers(one, symbols()), answers(other, symbols()))


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_states_need_both_sizes_and_their_own_shape(make):
    with pytest.raises(UserError, match="got n_symbols=3, n_states=None"):
        make(8, n_symbols=3)
    with pytest.raises(UserError, match=r"got shape \(2, 8\), expected \(n, 8, 3\)"):
        make(8, n_symbols=3, n_states=3)(torch.ones(2, 8), torch.zeros(2))
