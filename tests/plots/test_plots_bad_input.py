"""Wrong input to a figure is one clear line."""

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from truescore import plots
from truescore.errors import UserError

GENERATOR = np.random.default_rng(0)
SPINS = GENERATOR.choice([-1, 1], (200, 8))
REALS = GENERATOR.normal(size=(200, 8))
R = np.arange(5)
EXACT = 0.5**R


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.samples_beside(SPINS[0], SPINS, "spin"), "generated: got shape (8,)"),
        (lambda: plots.samples_beside(SPINS, SPINS[:, 1:], "spin"), "exact: got shape (200, 7)"),
        (lambda: plots.samples_beside(REALS, SPINS, "spin"), "generated: got values other than"),
        (lambda: plots.samples_beside(REALS, REALS, "tree"), "state_space: got 'tree'"),
        (lambda: plots.samples_beside(REALS, REALS, "real", n_show=0), "n_show: got 0"),
        (lambda: plots.marginals(REALS, [8], R, [EXACT]), "sites: got [8]"),
        (lambda: plots.marginals(REALS, [0, 1], R, [EXACT]), "density: got shape (1, 5)"),
        (lambda: plots.samples_beside(SPINS, SPINS, "categorical"), "generated: got values other"),
        (
            lambda: plots.marginals(REALS, [0], R, [EXACT], REALS[:, :3]),
            "training_data: got shape",
        ),
        (lambda: plots.state_marginals(SPINS > 0, [[0.5, 0.5]]), "exact: got shape (1, 2)"),
        (lambda: plots.spin_marginals(SPINS, [0.5]), "exact: got shape (1,)"),
        (lambda: plots.mean_profile(R, R[1:], R), "standard_error: got shape (4,)"),
        (lambda: plots.mean_profile(R, -R, R), "standard_error: got a negative"),
        (lambda: plots.covariance_triptych(SPINS, SPINS, 1), "generated: got shape (200, 8)"),
        (lambda: plots.eigenmodes(R, [R], [R, R]), "interval: got shape (1, 5)"),
        (lambda: plots.eigenmodes([], [[], []], [[], []]), "error: got shape (0,)"),
        (lambda: plots.two_point(R, EXACT, EXACT, EXACT), "interval: got shape (5,)"),
        (
            lambda: plots.score_error_curve(R, -EXACT, EXACT, {}, "spin"),
            "error: got no positive value",
        ),
        (lambda: plots.score_error_curve(R, R, R, {"a": [1]}, "real"), "a: got shape (1,)"),
        (lambda: plots.loss_curves(R, R[1:], R, R, 1), "train_loss: got shape (4,)"),
        (lambda: plots.verdicts(["a"], [1], [[0], [2]], []), "verdict: got 0 entries"),
        (lambda: plots.verdicts([], [], [[], []], []), "ratio, band: got a negative value or none"),
        (lambda: plots.save(Figure(), "figure.txt"), "figure path: got 'figure.txt'"),
        (lambda: plots.save(Figure(), "/dev/null/figure.png"), "cannot be written"),
    ],
)
def test_wrong_input_is_one_clear_line(call: Any, message: str) -> None:
    """What was got comes first, then what is expected."""
    with pytest.raises(UserError) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
