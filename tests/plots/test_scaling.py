"""Estimates on logarithmic axes: what cannot stand there is an arrow, not a gap."""

import numpy as np
import pytest

from truescore.errors import UserError
from truescore.plots.scaling import (
    ABOVE,
    BELOW,
    draw_estimates,
    draw_guide,
    legend_of_all,
    legend_on_top,
    log_limits,
    mark_sizes,
    short,
)
from truescore.plots.style import new_figure


def arrows(ax, mark):
    lines = [line for line in ax.get_lines() if line.get_marker() == mark]
    return [tuple(xy) for line in lines for xy in line.get_xydata()]


def test_estimates_below_and_beyond_the_axis_are_arrows_at_the_known_end():
    ax = new_figure(4, 3).subplots()
    value, ends = [-0.5, 1.0, np.inf], [[-2.0, 0.5, 3.0], [0.8, 2.0, np.inf]]
    draw_estimates(ax, [10, 100, 1000], value, ends, (0.1, 10.0))
    assert arrows(ax, BELOW) == [(10.0, 0.8)]
    assert arrows(ax, ABOVE) == [(1000.0, 3.0)]
    assert set(ax.get_legend_handles_labels()[1]) == {
        "estimate below the axis: upper end of its interval",
        "estimate above the axis: lower end of its interval",
    }
    (markers,) = [line for line in ax.get_lines() if line.get_marker() == "o"]
    assert np.isfinite(markers.get_ydata()).tolist() == [False, True, False]
    bars = [segment[:, 1].tolist() for segment in ax.collections[0].get_segments()]
    assert bars == [[0.1, 0.8], [0.5, 2.0], [3.0, 10.0]]


def test_a_guide_has_its_slope_and_goes_through_its_point():
    ax = new_figure(4, 3).subplots()
    draw_guide(ax, [1e2, 1e4], -0.5, (1e2, 3.0))
    assert ax.get_lines()[0].get_ydata() == pytest.approx([3.0, 0.3])


def test_limits_hold_what_is_finite_and_positive():
    low, high = log_limits([1.0, -3.0, np.inf], (None, 4.0))
    assert 0.5 < low < 1 and 4 < high < 8
    assert log_limits([-1.0]) == (0.1, 10.0)


def test_ticks_stand_on_the_sizes_alone():
    ax = new_figure(4, 3).subplots()
    mark_sizes(ax, [400, 1600, 1600])
    assert ax.get_xticks().tolist() == [400, 1600]
    assert [short(size) for size in (400, 1600, 10_000, 2_500_000, 2**16)] == [
        "400",
        "1.6k",
        "10k",
        "2.5M",
        "$2^{16}$",
    ]


def test_labels_that_would_overlap_stand_in_two_rows():
    ax = new_figure(4, 3).subplots()
    mark_sizes(ax, [1e3, 7e4, 1e5, 1.2e5, 1e6])
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels == ["1k", "70k", "\n100k", "120k", "1M"]


def test_a_wrong_shape_is_one_line():
    with pytest.raises(UserError, match="interval: got shape"):
        draw_estimates(new_figure(4, 3).subplots(), [1, 2], [1, 2], [[1], [2]], (0.1, 10))


def test_a_legend_explains_hollow_arrows_last_and_names_nothing_twice():
    figure = new_figure(8, 3)
    axes = figure.subplots(1, 2, squeeze=False)
    interval = [[0.1, 0.1], [0.8, 0.9]]
    for ax in axes.flat:
        draw_estimates(ax, [1, 2], [0.1, 1], interval, (0.5, 2), label="first")
        draw_estimates(ax, [1, 2], [1, 1], interval, (0.5, 2), label="second")
    legend_of_all(figure, axes, 1)
    expected = ["first", "second", "estimate below the axis: upper end of its interval"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == expected
    legend_on_top(axes[0, 0], 8)
    assert [text.get_text() for text in axes[0, 0].get_legend().get_texts()] == expected
