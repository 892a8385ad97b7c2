"""The three distances between the law, the network and its training points."""

import numpy as np
import pytest

from truescore import plots
from truescore.errors import UserError

LEVEL = np.linspace(-9, 9, 5)
LEARNED, MEMORY = np.array([0.1, 0.1, 0.2, 0.0, 0.4]), np.full(5, 3.0)


def test_each_distance_is_a_line_of_its_own_look():
    (ax,) = plots.memory_curves(LEVEL, LEARNED, MEMORY / 3, MEMORY).axes
    lines = {line.get_label(): line for line in ax.get_lines()}
    learned = lines["learned score, from the exact one"]
    # Zero has no place on a logarithmic axis.
    np.testing.assert_array_equal(learned.get_ydata(), [0.1, 0.1, 0.2, np.nan, 0.4])
    assert learned.get_color() == plots.GENERATED
    assert lines["training points' score, from the exact one"].get_color() == plots.DATA
    assert len({line.get_linestyle() for line in lines.values()}) == 3
    assert ax.get_ylim()[0] < 0.1 and ax.get_ylim()[1] > 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((LEVEL, LEARNED[:4], MEMORY, MEMORY), "got shape (4,), expected (5,)"),
        ((LEVEL, 0 * LEVEL, 0 * LEVEL, 0 * LEVEL), "got no positive value"),
    ],
)
def test_wrong_input_is_one_clear_line(arguments, message):
    with pytest.raises(UserError) as caught:
        plots.memory_curves(*arguments)
    assert message in str(caught.value) and "\n" not in str(caught.value)
