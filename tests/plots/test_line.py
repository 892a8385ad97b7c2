"""Laws on the line: score maps, noising and trajectories show the arrays they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from truescore import plots
from truescore.errors import UserError

GENERATOR = np.random.default_rng(2)
X, T = np.linspace(-2, 2, 11), np.linspace(0, 1, 5)
SCORE = -X * (1 + T[:, None])
BAND = np.stack([-1 - T, 1 + T], 1)
VALUES = GENERATOR.normal(size=4000)
GRID = np.linspace(-3, 3, 200)
DENSITY = np.exp(-(GRID**2) / 2) / np.sqrt(2 * np.pi)


def test_maps_share_their_colours():
    figure = plots.score_maps(X, T, {"learned": SCORE, "exact": 2 * SCORE}, BAND)
    left, right, bar = figure.axes
    for ax, score in ((left, SCORE), (right, 2 * SCORE)):
        cells = ax.collections[0]
        np.testing.assert_array_equal(np.asarray(cells.get_array()), score)
        assert cells.get_clim() == (-3, 3)
        for line, edge in zip(ax.get_lines(), BAND.T, strict=True):
            np.testing.assert_array_equal(line.get_xdata(), edge)
    assert "sigma" in bar.get_ylabel()
    assert left.get_ylabel() and not right.get_ylabel()


def test_histograms_are_densities_and_colours_say_whose():
    moment = plots.Moment("$t$ = 0.5", GRID, DENSITY, forward=VALUES, backward=VALUES[:500])
    (ax,) = plots.noising([moment]).axes
    forward, backward = ax.patches
    for patch, values in ((forward, VALUES), (backward, VALUES[:500])):
        height, edges, _ = patch.get_data()
        inside = np.mean(np.abs(values) <= 3)
        assert np.sum(height * np.diff(edges)) == pytest.approx(inside)
    assert to_hex(forward.get_facecolor()) == plots.DATA.lower()
    assert to_hex(backward.get_edgecolor()) == plots.GENERATED.lower()
    (exact,) = ax.get_lines()
    assert exact.get_color() == plots.EXACT
    np.testing.assert_array_equal(exact.get_ydata(), DENSITY)


def test_what_a_panel_lacks_is_not_drawn():
    last = plots.Moment("end", GRID, DENSITY, backward=VALUES)
    both = plots.Moment("both", GRID, DENSITY, forward=VALUES, backward=VALUES)
    figure = plots.noising([both, last, last, last])
    assert [len(ax.patches) for ax in figure.axes] == [2, 1, 1, 1]
    (legend,) = figure.legends
    assert len(legend.get_texts()) == 3


def test_a_trajectory_beside_all_data():
    times = np.arange(50) * 0.1
    left, right = plots.trajectory(times, VALUES[:50], VALUES, GRID, DENSITY).axes
    np.testing.assert_array_equal(
        left.get_lines()[0].get_xydata(), np.stack([times, VALUES[:50]], 1)
    )
    assert "50 states" in left.get_title(loc="left") and "4,000" in right.get_title(loc="left")
    share = sum(bar.get_width() * bar.get_height() for bar in right.patches)
    assert share == pytest.approx(1)
    assert "time" in left.get_xlabel()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.score_maps(X, T, {}, BAND), "scores: got none"),
        (lambda: plots.score_maps(X, T, {"a": SCORE.T}, BAND), "score: got shape (11, 5)"),
        (lambda: plots.score_maps(X, T, {"a": SCORE}, BAND.T), "band: got shape (2, 5)"),
        (lambda: plots.noising([]), "moments: got none"),
        (lambda: plots.noising([plots.Moment("a", GRID, X)]), "density: got shape (11,)"),
        (
            lambda: plots.noising([plots.Moment("a", GRID, DENSITY, forward=SCORE)]),
            "forward: got shape (5, 11)",
        ),
        (lambda: plots.trajectory(X, VALUES, VALUES, GRID, DENSITY), "path: got shape (4000,)"),
    ],
)
def test_wrong_input_is_one_clear_line(call, message):
    with pytest.raises(UserError) as caught:
        call()
    assert message in str(caught.value) and "\n" not in str(caught.value)
