"""A network that sees a site's own spin is refused, however well it hides it."""

import functools

import pytest
import torch
from torch import nn

from truescore.denoisers import LearnedCategoricalDenoiser, LearnedSpinDenoiser, oracle
from truescore.errors import UserError
from truescore.nets import (
    Couplings,
    HollowTransformer,
    LeaveOneOutConv,
    LeaveOneOutConv2d,
    LeaveOneOutMessages,
    LeaveOneOutMLP,
    LeaveOneOutPyramid,
    MaskedMLP,
    RotConvFilm,
)
from truescore.processes import Absorbing, SpinFlip, UniformJump
from truescore.targets import IsingRing
from truescore.training.leaks import refuse_leaks


class Seeing(nn.Module):
    """Leaves out all sites but one, of which it lets a little through a layer of zeros."""

    def __init__(self, dim, site):
        super().__init__()
        self.site = site
        self.head = nn.Parameter(torch.zeros(dim))

    def forward(self, x_t, noise_level):
        others = x_t.sum(1, keepdim=True) - x_t
        others[:, self.site] += 1e-3 * x_t[:, self.site]
        return others * self.head


NETS = [
    functools.partial(Couplings, lattice=[12]),
    functools.partial(Couplings, lattice=[3, 4], all_pairs=True),
    HollowTransformer,
    LeaveOneOutConv,
    functools.partial(LeaveOneOutConv2d, rows=3, columns=4),
    LeaveOneOutMessages,
    LeaveOneOutMLP,
    LeaveOneOutPyramid,
    RotConvFilm,
]


@pytest.mark.parametrize("net", NETS)
def test_networks_that_leave_a_site_out_pass_and_keep_their_weights(net):
    denoiser = LearnedSpinDenoiser(net(12), SpinFlip(12))
    before = [p.clone() for p in denoiser.parameters()]
    refuse_leaks(denoiser, 12)
    assert all(map(torch.equal, before, denoiser.parameters()))


@pytest.mark.parametrize("site", [0, 4, 11])
def test_a_leak_behind_a_layer_of_zeros_is_found(site):
    denoiser = LearnedSpinDenoiser(Seeing(12, site), SpinFlip(12))
    with pytest.raises(UserError, match=f"got Seeing, whose answer for site {site} changes"):
        refuse_leaks(denoiser, 12)


OF_STATES = [
    HollowTransformer,
    LeaveOneOutConv,
    LeaveOneOutMessages,
    LeaveOneOutMLP,
    LeaveOneOutPyramid,
]


@pytest.mark.parametrize("net", OF_STATES)
def test_networks_of_states_and_masks_pass(net):
    of_states = [
        LearnedCategoricalDenoiser(net(12, n_symbols=len(p.symbols), n_states=3), p)
        for p in (UniformJump(12, 3), Absorbing(12, 3, False))
    ]
    for denoiser in (*of_states, LearnedSpinDenoiser(net(12), Absorbing(12))):
        before = [parameter.clone() for parameter in denoiser.parameters()]
        refuse_leaks(denoiser, 12)
        assert all(map(torch.equal, before, denoiser.parameters()))  # only a copy was stirred


class SeeingMasks(nn.Module):
    """Tells a masked site from others, at that site."""

    def __init__(self):
        super().__init__()
        self.head = nn.Parameter(torch.zeros(3))

    def forward(self, x, noise_level):
        return x[..., 3:] * self.head


def test_a_leak_of_the_mask_alone_is_found():
    denoiser = LearnedCategoricalDenoiser(SeeingMasks(), Absorbing(12, 3, False))
    with pytest.raises(UserError, match="got SeeingMasks, .* with that site's own state"):
        refuse_leaks(denoiser, 12)


def test_an_oracle_is_believed_and_not_asked(monkeypatch):
    denoiser, asked = oracle(IsingRing(4), SpinFlip(4)), []
    monkeypatch.setattr(denoiser, "log_odds", lambda *_: asked.append(1))
    refuse_leaks(denoiser, 4)
    assert not asked


def test_a_network_of_masked_sites_is_for_masks_alone():
    refuse_leaks(LearnedSpinDenoiser(MaskedMLP(6, 8, 1), Absorbing(6)), 6)
    states = MaskedMLP(6, 8, 1, n_symbols=4, n_states=3)
    refuse_leaks(LearnedCategoricalDenoiser(states, Absorbing(6, 3, False)), 6)
    with pytest.raises(UserError, match="got MaskedMLP, .* alone, with SpinFlip"):
        refuse_leaks(LearnedSpinDenoiser(MaskedMLP(6, 8, 1), SpinFlip(6)), 6)
