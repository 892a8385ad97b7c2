"""Codes of points: bits and plane undo each other; the sets have the moments of their recipe."""

import math

import pytest
import torch

from truescore.errors import UserError
from truescore.targets import GrayCode
from truescore.targets.planar_sets import SETS

EVERY = pytest.mark.parametrize("points", SETS)
N = 40_000


def draw(points, n=N, seed=1):
    return SETS[points](n, torch.Generator().manual_seed(seed))


def every_coordinate():
    """All 2^16 codes of one coordinate beside those of the other in reverse, ``(2^16, 32)``."""
    bits = torch.arange(2**16)[:, None] >> torch.arange(16) & 1
    spins = (2.0 * bits - 1).float()
    return torch.cat([spins, spins.flip(0)], 1)


@EVERY
def test_every_code_is_that_of_its_place(points):
    law = GrayCode(points)
    spins = every_coordinate()
    assert torch.equal(law.encode(law.decode(spins)), spins)


@EVERY
def test_a_point_is_decoded_into_its_cell(points):
    law, x = GrayCode(points), draw(points)
    error = (law.decode(law.encode(x)) - x).abs()
    # Nothing lies beyond the grid, and cells are a few ten-thousandths wide.
    assert float(error.max()) <= 0.5 / law.scale * (1 + 1e-9)
    assert law.scale > 5000


def test_the_bits_are_sign_and_gray_code_from_the_highest_down():
    """m = 5 = 101 in binary is 111 in Gray code; m = 2^15 - 1 is 100...0."""
    law = GrayCode("checkerboard")
    cells = torch.tensor([[5.5, -5.5], [2**15 - 0.5, 0.5]], dtype=torch.float64)
    first, second = (law.encode(cells / law.scale) > 0).long()
    assert first[:16].tolist() == [0] + [0] * 12 + [1, 1, 1]
    assert first[16:].tolist() == [1] + [0] * 12 + [1, 1, 1]
    assert second[:16].tolist() == [0, 1] + [0] * 14
    assert second[16:].tolist() == [0] * 16


def test_neighbouring_cells_differ_in_one_spin():
    law = GrayCode()
    cells = (torch.arange(-(2**15), 2**15, dtype=torch.float64) + 0.5) / law.scale
    spins = law.encode(torch.stack([cells, cells.flip(0)], 1))
    assert ((spins[1:] != spins[:-1])[:, :16].sum(1) == 1).all()
    assert ((spins[1:] != spins[:-1])[:, 16:].sum(1) == 1).all()


def test_points_off_the_grid_go_to_its_edge():
    law = GrayCode()
    x = law.decode(law.encode(torch.tensor([[100.0, -100.0]])))
    assert x[0].tolist() == pytest.approx([law.reach + 2, -law.reach - 2], abs=1 / law.scale)


def spiral_moments(points):
    """E[x], E[y], E[x^2], E[y^2], E[x y] of an integral over the curve's parameter."""
    u = (torch.arange(400_000, dtype=torch.float64) + 0.5) / 400_000
    if points == "2spirals":
        angle = 3 * math.pi * u.sqrt()
        # The mean of the uniform shift is 1/4, its variance 1/48; the sign takes the mean away.
        x, y = 0.25 - angle * angle.cos(), 0.25 + angle * angle.sin()
        spread = 1 / 48 / 9 + 0.01
        xx, yy, xy = ((a * b).mean() / 9 for a, b in ((x, x), (y, y), (x, y)))
        return [0.0, 0.0, xx + spread, yy + spread, xy]
    angle = 1.5 * math.pi * (1 + 2 * u)
    x, y = angle * angle.cos() / 5, angle * angle.sin() / 5
    return [x.mean(), y.mean(), (x * x).mean() + 0.04, (y * y).mean() + 0.04, (x * y).mean()]


def pinwheel_moments():
    """Five turns of one arm leave a round second moment: that of its mean square distance."""
    square = 4 * (1 + 0.09 + 0.01)
    return [0.0, 0.0, square / 2, square / 2, 0.0]


MOMENTS = {
    "2spirals": spiral_moments("2spirals"),
    "swissroll": spiral_moments("swissroll"),
    "8gaussians": [0.0, 0.0, *[(8 + 0.25) / 1.414**2] * 2, 0.0],
    "circles": [0.0, 0.0, *[9 * ((1 + 0.25) / 4 + 0.0064)] * 2, 0.0],
    # x = 2 (c + b + 0.1 z) - 1 with c = +-cos, b = 0 or 1; y likewise with sine and 0 or 1/2.
    "moons": [
        0.0,
        2 * 0.25 - 0.2,
        4 * (0.5 + 0.25 + 0.01),
        4 * (0.5 + 1 / 8 - 1 / math.pi + 0.01) - 4 * 0.2 * 0.25 + 0.04,
        4 * (-1 / math.pi + 0.25) - 2 * 0.25,
    ],
    "pinwheel": pinwheel_moments(),
    "checkerboard": [0.0, 0.0, 4 * 16 / 12, 4 * 16 / 12, 1.0],
}


@EVERY
def test_the_sets_have_the_moments_of_their_recipe(points, assert_mean):
    x, y = draw(points).unbind(1)
    expected = torch.tensor([float(v) for v in MOMENTS[points]], dtype=torch.float64)
    assert_mean(torch.stack([x, y, x * x, y * y, x * y], 1), expected, slack=1e-9)


def test_shapes_that_moments_do_not_see(assert_mean):
    x, y = draw("checkerboard").unbind(1)
    assert (((x / 2).floor() + (y / 2).floor()) % 2 == 1).all() or (
        ((x / 2).floor() + (y / 2).floor()) % 2 == 0
    ).all()
    radius = draw("circles").norm(dim=1)
    assert_mean((radius > 2.25).double(), 0.5, slack=0.01)
    centre = draw("8gaussians") * 1.414
    nearest = (torch.atan2(centre[:, 1], centre[:, 0]) / (math.pi / 4)).round() % 8
    assert_mean(nearest[:, None] == torch.arange(8), torch.full((8,), 1 / 8), slack=1e-3)
    wheel = draw("pinwheel")
    turn = torch.tensor(2 * math.pi / 5, dtype=torch.float64)
    turned = torch.stack(
        [
            wheel[:, 0] * turn.cos() + wheel[:, 1] * turn.sin(),
            wheel[:, 1] * turn.cos() - wheel[:, 0] * turn.sin(),
        ],
        1,
    )
    cubes = [torch.stack([p[:, 0] ** 3, p[:, 0] ** 2 * p[:, 1]], 1) for p in (wheel, turned)]
    assert_mean(cubes[0] - cubes[1], 0.0)


def test_points_are_independent(assert_mean):
    """Neither mirrored pairs nor even steps: neighbours in order have nothing in common."""
    for points in ("2spirals", "circles", "moons"):
        x = draw(points) - torch.tensor(MOMENTS[points][:2], dtype=torch.float64)
        half = len(x) // 2
        assert_mean((x[:half, :, None] * x[half:, None]).flatten(1), 0.0)
        assert_mean((x[::2, :, None] * x[1::2, None]).flatten(1), 0.0)


def test_samples_depend_on_the_generator_alone():
    before = torch.get_rng_state()
    first, again, other = (
        GrayCode("moons").sample(50, torch.Generator().manual_seed(seed)) for seed in (8, 8, 9)
    )
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert first.dtype == torch.float32 and first.shape == (50, 32)
    assert set(first.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "ask",
    [
        lambda law: law.mean(),
        lambda law: law.covariance(),
        lambda law: law.squared_deviations(),
        lambda law: law.log_prob(torch.ones(1, 32)),
        lambda law: law.marginal(0, torch.ones(1)),
        lambda law: law.marginal_cdf(torch.ones(1, 32)),
    ],
)
def test_what_has_no_exact_value_is_told_in_one_line(ask):
    with pytest.raises(UserError, match="got GrayCode, whose .* has no exact value") as caught:
        ask(GrayCode())
    assert "\n" not in str(caught.value)
    assert GrayCode().observables() == []
    with pytest.raises(UserError, match="no exact posterior"):
        GrayCode().site_posterior(torch.zeros(1, 32, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GrayCode("3spirals"), "got points='3spirals', expected one of 2spirals"),
        (lambda: GrayCode(dim=16), "got dim=16, expected 32"),
        (lambda: GrayCode().sample(0, torch.Generator()), "got n=0"),
        (lambda: GrayCode().encode(torch.ones(3, 3)), r"expected \(n, 2\)"),
        (lambda: GrayCode().decode(torch.ones(3, 31)), r"expected \(n, 32\)"),
        (lambda: GrayCode().decode(torch.zeros(3, 32)), "not spins"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(UserError, match=message):
        call()
