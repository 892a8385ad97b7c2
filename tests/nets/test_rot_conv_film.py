"""The study's network: one small pass a site, over all others in their order from there."""

import pytest
import torch

from truescore.errors import UserError
from truescore.nets import RotConvFilm


def network(dim):
    torch.manual_seed(dim)
    return RotConvFilm(dim)


def spins_and_levels(dim, n=4):
    x = 2.0 * torch.randint(2, (n, dim), generator=torch.Generator().manual_seed(1)) - 1
    return x, torch.linspace(-4, 0.5, n)


@pytest.mark.parametrize("dim", [4, 9])
@torch.inference_mode()
def test_flipping_a_spin_leaves_its_own_output_and_reaches_all_others(dim):
    net = network(dim)
    x, level = spins_and_levels(dim)
    before = net(x, level)
    for i in range(dim):
        flipped = x.clone()
        flipped[:, i] *= -1
        changed = net(flipped, level) != before
        assert not changed[:, i].any()
        assert changed.any(0).sum() == dim - 1


@torch.inference_mode()
def test_sites_share_the_weights_and_the_noise_level_matters():
    net = network(8)
    x, level = spins_and_levels(8)
    moved = net(x.roll(3, 1), level)
    torch.testing.assert_close(moved, net(x, level).roll(3, 1), atol=1e-6, rtol=1e-6)
    assert (net(x, level + 1) != net(x, level)).all()


def test_it_has_the_sizes_of_the_study():
    shapes = [tuple(p.shape) for p in network(16).parameters()]
    assert (6, 1, 3) in shapes and (1, 6, 3) in shapes and (32, 15) in shapes
    assert sum(p.numel() for p in network(16).parameters()) == 24 + 64 + 396 + 19 + 512 + 1 * 32 + 1


def test_rings_too_small_and_points_too_wide_are_refused():
    with pytest.raises(UserError, match="got dim=3"):
        RotConvFilm(3)
    with pytest.raises(UserError, match="expected \\(n, 8\\)"):
        network(8)(torch.ones(2, 7), torch.zeros(2))
