"""Integrators, walls and moves that do not go together: one line, without torch."""

import re

import pytest

from truescore.config import check
from truescore.config.langevin import langevin_errors

# As conf/dataset/ginzburg_landau.yaml has them.
LANGEVIN = {
    "integrator": "strang",
    "dt": 1e-3,
    "thin": 0.5,
    "box": "none",
    "flips": False,
    "temperatures": [],
    "preconditioned": False,
}


def lines(half_width=None, **changed):
    dataset = {"temperature": 8.0, "half_width": half_width, "langevin": LANGEVIN | changed}
    return list(langevin_errors(dataset))


@pytest.mark.parametrize(
    ("half_width", "changed"),
    [
        (None, {}),
        (2.5, {"box": "reflecting"}),
        (2.5, {"box": "rejecting"}),
        (2.5, {"box": "rejecting", "integrator": "mala", "preconditioned": True}),
        (None, {"flips": True, "temperatures": [10.0, 13.0]}),
        (None, {"dt": 10.0, "integrator": "euler_maruyama"}),  # tried out before any work
    ],
)
def test_what_goes_together_has_no_line(half_width, changed):
    assert lines(half_width, **changed) == []


@pytest.mark.parametrize(
    ("half_width", "changed", "line"),
    [
        (2.5, {}, "box: got none with dataset.half_width=2.5, .*: use reflecting or rejecting$"),
        (2.5, {"integrator": "mala"}, "box: got none with dataset.half_width=2.5, .*: use rej"),
        (None, {"box": "rejecting"}, "box: got rejecting for a law without walls, expected none"),
        (2.5, {"box": "reflecting", "integrator": "mala"}, "box: got reflecting with integrator="),
        (None, {"preconditioned": True}, "preconditioned: got true with integrator=strang"),
        (
            None,
            {"dt": 10.0},
            "dt: got 10, expected at most dataset.langevin.thin=0.5, .*: lower dt$",
        ),
        (None, {"temperatures": [8.0]}, r"temperatures: got \[8.0\], expected them to ascend from"),
        (
            None,
            {"temperatures": [12.0, 10.0]},
            r".*above dataset.temperature=8, or \[\]: raise or sort",
        ),
    ],
)
def test_what_does_not_is_one_line(half_width, changed, line):
    (error,) = lines(half_width, **changed)
    error = error.removeprefix("dataset.langevin.")
    assert re.match(line, error), error


def test_a_run_from_before_there_were_rules_is_still_valid():
    old = {"integrator": "strang", "dt": 1e-3, "thin": 0.5}
    assert list(langevin_errors({"half_width": 2.5, "langevin": old})) == []


def test_only_the_simulator_that_is_used_is_looked_at(composed):
    overrides = "+experiment=gl_d8", "dataset.half_width=2.5"
    assert check(composed(*overrides)) == []
    (error,) = check(composed(*overrides, "dataset.simulator=langevin"))
    assert error.startswith("dataset.langevin.box: got none")
