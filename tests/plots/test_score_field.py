"""Scores over the plane: the arrows, trails and errors that are drawn are those that were given."""

import matplotlib.quiver
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from truescore import plots
from truescore.errors import UserError

G, H = 12, 20
AXES = np.stack([np.linspace(-1, 1, G), np.linspace(0, 2, G)])
FINE = np.stack([np.linspace(-1, 1, H), np.linspace(0, 2, H)])
GENERATOR = np.random.default_rng(1)
FIELD = GENERATOR.normal(size=(G, G, 2)) * 50
DENSITY = np.exp(-(FINE[0] ** 2) - (FINE[1][:, None] - 1) ** 2)
LEVELS = np.array([0.01, 0.1])
TRAIL = np.stack([np.linspace(0, 3, 7), np.ones(7)], 1)
NAMES = ("exact", "training points", "learned")


def arrows(ax):
    (found,) = [c for c in ax.collections if isinstance(c, matplotlib.quiver.Quiver)]
    return found


def axis():
    return Figure().subplots()


def figure(levels=LEVELS, **changes):
    n = len(levels)
    arguments = {
        "axes": AXES,
        "scores": {name: np.stack([FIELD] * n) for name in NAMES},
        "errors": np.full((n, G, G), 0.3),
        "trails": {name: np.stack([TRAIL] * n) for name in NAMES},
        "density_axes": FINE,
        "density": np.stack([DENSITY] * n),
    }
    return plots.score_fields(levels, **(arguments | changes))


def test_arrows_point_along_the_score_and_are_as_long_as_its_logarithm():
    ax = axis()
    plots.draw_score(ax, AXES, FIELD, colour="#123456")
    drawn = arrows(ax)
    components = np.stack([drawn.U, drawn.V], -1)
    size = np.linalg.norm(FIELD, axis=-1).ravel()
    np.testing.assert_allclose(np.linalg.norm(components, axis=1), np.log1p(size))
    np.testing.assert_allclose(
        components / np.log1p(size)[:, None], FIELD.reshape(-1, 2) / size[:, None]
    )
    # Rows are the second coordinate.
    np.testing.assert_allclose(drawn.XY[:G, 0], AXES[0])
    np.testing.assert_allclose(drawn.XY[:G, 1], AXES[1, 0])
    assert to_hex(drawn.get_facecolor()[0]) == "#123456"
    # The longest arrow is as long as 1.7 spacings of the grid.
    assert np.log1p(size).max() / drawn.scale == pytest.approx(1.7 * (AXES[0, 1] - AXES[0, 0]))


def test_every_second_arrow_lies_on_the_grid():
    ax = axis()
    plots.draw_score(ax, AXES, FIELD, colour="k", every=2)
    assert len(arrows(ax).U) == (G // 2) ** 2
    assert set(arrows(ax).XY[:, 0]) <= set(AXES[0])


def test_no_score_is_no_arrow():
    ax = axis()
    plots.draw_score(ax, AXES, 0 * FIELD, colour="k")
    assert np.all(arrows(ax).U == 0) and np.all(arrows(ax).V == 0)


def test_a_row_for_each_level_and_a_colour_for_each_score():
    panels = [ax for ax in figure().axes if ax.get_xlabel() or ax.get_ylabel() or ax.collections]
    panels = [ax for ax in panels if ax.get_xlim() == (-1, 1)]
    assert len(panels) == len(LEVELS) * 4
    assert [ax.get_title(loc="left") for ax in panels[:3]] == list(NAMES)
    colours = [to_hex(arrows(ax).get_facecolor()[0]).upper() for ax in panels[:3]]
    assert colours == [plots.EXACT, plots.DATA, plots.GENERATED]
    assert "0.1" in panels[4].get_ylabel()
    assert all(ax.get_ylim() == (0, 2) for ax in panels)


def test_a_trail_is_drawn_up_to_where_it_leaves_the_square():
    """Points at x = 0, 0.5, 1, 1.5, ...: the fourth is the first outside."""
    first = figure(LEVELS[:1]).axes[0]
    lines = [line for line in first.get_lines() if len(line.get_xdata()) > 1]
    assert lines and all(len(line.get_xdata()) == 4 for line in lines)
    whole = {name: TRAIL[None, :3] for name in NAMES}
    first = figure(LEVELS[:1], trails=whole).axes[0]
    assert {len(line.get_xdata()) for line in first.get_lines()} == {1, 3}


def test_errors_are_drawn_as_they_are():
    ax = axis()
    values = GENERATOR.uniform(0.1, 1, size=(G, G))
    cells = plots.draw_relative_error(ax, AXES, values)
    np.testing.assert_array_equal(np.asarray(cells.get_array()).ravel(), values.ravel())


def test_errors_over_the_distance():
    edges = [0, 1, 2, np.inf]
    errors = {name: np.array([[0.1, 1, np.nan], [0.2, 2, 20]]) for name in NAMES[1:]}
    drawn = plots.error_by_distance(LEVELS, edges, errors)
    first, second = drawn.axes
    assert [text.get_text() for text in first.get_xticklabels()] == ["0 to 1", "1 to 2", "over 2"]
    lines = {line.get_label(): line for line in second.get_lines()}
    np.testing.assert_array_equal(lines["learned"].get_ydata(), [0.2, 2, 20])
    assert to_hex(lines["training points"].get_color()).upper() == plots.DATA
    assert first.get_ylim()[0] < 0.1 and first.get_ylim()[1] > 20


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figure(axes=AXES[0]), "axes: got shape (12,)"),
        (lambda: figure(errors=np.ones((2, G, G + 1))), "errors: got shape (2, 12, 13)"),
        (lambda: figure(scores={"exact": FIELD}), "exact: got shape (12, 12, 2)"),
        (lambda: figure(trails={}), "trails: got other names than scores"),
        (lambda: figure(density=DENSITY), "density: got shape (20, 20), expected (2, 20, 20)"),
        (
            lambda: plots.error_by_distance(LEVELS, [0, 1], {"learned": [[1.0]]}),
            "learned: got shape (1, 1), expected (2, 1)",
        ),
    ],
)
def test_wrong_input_is_one_clear_line(call, message):
    with pytest.raises(UserError) as caught:
        call()
    assert message in str(caught.value) and "\n" not in str(caught.value)
