"""The figure of a budget: each part in its colour, at its length, with its interval."""

import pytest

from truescore.errors import UserError
from truescore.plots.budget import COLOURS, Panel, budget_figure, draw_budget
from truescore.plots.style import new_figure

VALUES, ENDS = [0.2, -0.1, 0.4], ([0.1, -0.2, 0.3], [0.3, 0.1, 0.5])
NAMES = ["B  prior", "C  step size", "F  finite N"]


def panel(signed):
    return Panel("covariance", NAMES, VALUES, ENDS, 0.45, (0.4, 0.5), 0.05, signed)


def drawn(signed):
    ax = new_figure(4, 3).subplots()
    draw_budget(ax, panel(signed))
    return ax


@pytest.mark.parametrize(("signed", "negative"), [(False, 0.0), (True, -0.1)])
def test_parts_are_stacked_and_stand_one_by_one(signed, negative):
    ax = drawn(signed)
    stacked, alone, together = ax.patches[:3], ax.patches[3:6], ax.patches[6]
    assert [bar.get_width() for bar in alone] == pytest.approx([0.2, negative, 0.4])
    assert [bar.get_x() for bar in stacked] == pytest.approx([0.0, 0.0, 0.2])
    assert together.get_width() == pytest.approx(0.45)


def test_intervals_are_drawn_on_every_row_but_the_stack():
    (bars,) = drawn(True).collections
    ends = [(s[0, 0], s[1, 0], s[0, 1]) for s in bars.get_segments()]
    expected = [(0.1, 0.3, 1), (-0.2, 0.1, 2), (0.3, 0.5, 3), (0.4, 0.5, 4)]
    for found, known in zip(ends, expected, strict=True):
        assert found == pytest.approx(known)


def test_causes_keep_their_colours():
    assert len(set(COLOURS.values())) == len(COLOURS)
    shown = [bar.get_facecolor() for bar in drawn(False).patches[3:6]]
    assert len(set(shown)) == 3


def test_figures_of_nothing_are_refused():
    with pytest.raises(UserError, match="got none"):
        budget_figure([])
    empty = panel(False)._replace(names=[], value=[], interval=([], []))
    with pytest.raises(UserError, match="no parts"):
        budget_figure([empty])


def test_panels_share_their_rows():
    axes = budget_figure([panel(False), panel(True)], "a run").axes
    assert [text.get_text() for text in axes[0].get_yticklabels()] == [
        "stacked",
        *NAMES,
        "together",
    ]
    assert len(axes) == 2
