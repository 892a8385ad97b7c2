"""The density of laws of one and two dimensions: what is drawn is what was counted."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from scipy.special import ndtr

from truescore import plots
from truescore.errors import UserError

N = 5000
GENERATOR = np.random.default_rng(1)
VALUES = GENERATOR.normal(size=N)
POINTS = GENERATOR.normal(size=(N, 2))
GRID = np.linspace(-4, 4, 1601)
AXIS = np.linspace(-4, 4, 161)


def normal(x):
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


PLANE = normal(AXIS)[:, None] * normal(AXIS)


def deviations(values):
    """Bins' centres and deviations as they stand in the lower panel."""
    (points,) = [
        item
        for item in plots.density_line(values, GRID, normal(GRID)).axes[1].get_lines()
        if item.get_marker() == "o"
    ]
    return np.asarray(points.get_xdata()), np.asarray(points.get_ydata())


def test_the_histogram_is_a_density_under_the_exact_line():
    upper = plots.density_line(VALUES, GRID, normal(GRID), n_bins=20).axes[0]
    height, edges, _ = upper.patches[0].get_data()
    assert len(height) == 20
    inside = np.mean(np.abs(VALUES) < 4)
    assert np.sum(height * np.diff(edges)) == pytest.approx(inside)
    (exact,) = [item for item in upper.get_lines() if item.get_label() == "exact density"]
    np.testing.assert_array_equal(exact.get_ydata(), normal(GRID))
    assert to_hex(exact.get_color()).upper() == plots.EXACT


def test_a_bins_deviation_is_its_count_against_the_exact_probability():
    centre, deviation = deviations(VALUES)
    for i in (30, 40, 55):
        low, high = centre[i] - 0.05, centre[i] + 0.05
        expected = N * (ndtr(high) - ndtr(low))
        count = np.sum((low < VALUES) & (high > VALUES))
        assert deviation[i] == pytest.approx((count - expected) / expected**0.5, abs=1e-3)
    # Far out less than five points are expected and as few are found: nothing is said.
    assert np.isnan(deviation[[0, -1]]).all()


def test_perfect_samples_deviate_by_standard_errors():
    """Over 20 sets the squares of all bins' deviations have the mean 1."""
    sets = [deviations(GENERATOR.normal(size=N))[1] for _ in range(20)]
    squares = np.concatenate(sets) ** 2
    squares = squares[np.isfinite(squares)]
    assert abs(squares.mean() - 1) < 6.5 * squares.std() / len(squares) ** 0.5


def test_many_points_where_none_belong_are_told():
    centre, deviation = deviations(np.concatenate([VALUES, np.full(50, 3.84)]))
    assert deviation[np.abs(centre - 3.85).argmin()] > 20
    lost = plots.density_line(np.append(VALUES, [7.0, -9.0]), GRID, normal(GRID)).axes[0].texts
    outside = 2 + int(np.sum(np.abs(VALUES) > 4))
    assert lost[0].get_text() == f"{outside} of 5,002 generated\npoints lie outside"


def test_points_without_a_density_stand_beside_each_other():
    generated = np.append(POINTS[:60], [[7.0, 0.0]], 0)
    left, right = plots.points_plane(generated, POINTS, half_width=4.5, n_show=50).axes
    np.testing.assert_array_equal(left.collections[0].get_offsets(), generated[:50])
    np.testing.assert_array_equal(right.collections[0].get_offsets(), POINTS[:50])
    assert left.get_xlim() == right.get_ylim() == (-4.5, 4.5)
    assert left.texts[0].get_text() == "1 of 61 generated\npoints lie outside"
    with pytest.raises(UserError, match="half_width: got 0"):
        plots.points_plane(POINTS, POINTS, half_width=0)


def test_the_plane_shows_the_first_points_of_each_set_in_its_colour():
    left, centre, *_ = plots.density_plane(POINTS, -POINTS, AXIS, AXIS, PLANE, n_show=100).axes
    for ax, points, colour in ((left, POINTS, plots.GENERATED), (centre, -POINTS, plots.EXACT)):
        drawn = ax.collections[0]
        np.testing.assert_array_equal(drawn.get_offsets(), points[:100])
        assert to_hex(drawn.get_facecolor()[0]).upper() == colour
    assert left.get_xlim() == centre.get_xlim() == (-4, 4)


def test_contours_hold_the_shares_they_name():
    """A share q of a normal law in the plane lies within the radius sqrt(-2 log(1 - q))."""
    left = plots.density_plane(POINTS, POINTS, AXIS, AXIS, PLANE).axes[0]
    contours = left.collections[1]
    radii = [np.linalg.norm(path.vertices, axis=1).mean() for path in contours.get_paths()]
    expected = np.sqrt(-2 * np.log1p(-np.array([0.99, 0.9, 0.5])))
    np.testing.assert_allclose(radii, expected, rtol=5e-3)


def deviation_map(points, axis=AXIS, density=PLANE):
    """Coordinates of the coloured cells, and their deviations."""
    cells = plots.density_plane(points, points, axis, axis, density).axes[2].collections[0]
    deviation = np.ma.filled(np.ma.masked_invalid(cells.get_array()), np.nan)
    return cells.get_coordinates()[:-1, :-1, 0].reshape(deviation.shape), deviation


def test_the_map_shows_where_points_are_too_many():
    across, deviation = deviation_map(POINTS + [0.3, 0])
    known = np.isfinite(deviation)
    assert deviation[known & (across < -0.5)].mean() < -1
    assert deviation[known & (across > 0.5)].mean() > 1


def test_perfect_samples_deviate_by_standard_errors_everywhere():
    """Cells are correlated, sets are not: over 60 sets, the mean and the mean square of a set."""
    axis = np.linspace(-4, 4, 49)
    density = normal(axis)[:, None] * normal(axis)
    sets = [deviation_map(GENERATOR.normal(size=(N, 2)), axis, density)[1] for _ in range(60)]
    known = np.isfinite(sets[0])
    assert known[22:27, 22:27].all() and not known[[0, -1]].any()
    told = np.stack(sets)[:, known]
    for values, expected in ((told.mean(1), 0), ((told**2).mean(1), 1)):
        assert abs(values.mean() - expected) < 6.5 * values.std() / len(values) ** 0.5


def test_a_lump_where_nothing_belongs_is_told_and_a_stray_point_is_not():
    stray = np.array([[3.8, 3.8]])
    for copies, told in ((1, False), (30, True)):
        _, deviation = deviation_map(np.concatenate([POINTS, stray.repeat(copies, 0)]))
        assert (deviation[-8:, -8:] > 5).any() == told


def test_sizes_are_those_of_the_grid():
    """The first axis of the density is the second coordinate."""
    narrow = normal(AXIS[:, None] / 0.3) / 0.3 * normal(AXIS)
    points = POINTS * [1, 0.3]
    right = plots.density_plane(points, points, AXIS, AXIS, narrow).axes[2]
    deviation = np.asarray(np.ma.masked_invalid(right.collections[0].get_array()).compressed())
    assert np.abs(deviation).max() < 6.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.density_line(POINTS, GRID, normal(GRID)), "generated: got shape (5000, 2)"),
        (lambda: plots.density_line(VALUES, GRID, PLANE), "density: got shape (161, 161)"),
        (
            lambda: plots.density_plane(VALUES, POINTS, AXIS, AXIS, PLANE),
            "generated: got shape (5000,)",
        ),
        (
            lambda: plots.density_plane(POINTS, POINTS, GRID, AXIS, PLANE),
            "density: got shape (161, 161), expected (161, 1601)",
        ),
        (
            lambda: plots.density_plane(POINTS, POINTS, AXIS, AXIS, 0 * PLANE),
            "density: got no positive value",
        ),
    ],
)
def test_wrong_input_is_one_clear_line(call, message):
    with pytest.raises(UserError) as caught:
        call()
    assert message in str(caught.value) and "\n" not in str(caught.value)
