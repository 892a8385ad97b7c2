"""Rows in words."""

import pytest

from truescore.benchmark import Row, Spread, Target
from truescore.benchmark.words import line, misses, number

MET = Row.ratio("simulate", "flips", "ours against theirs", Spread(12, 11, 13, 7), Target(9))
MISSED = Row("startup", "--help", "median", "s", Spread(2, 2, 2, 1), Target(1, at_least=False))
ABSENT = Row.absent("sample", "DDIM", "against azula", "azula is not installed", Target(1))


def test_what_is_worse_than_its_target_is_a_miss_and_so_is_what_was_not_measured():
    missing = "sample: DDIM: against azula: -: >= 1, not measured: azula is not installed"
    assert misses([MET, MISSED, ABSENT]) == ["startup: --help: median: 2 s: <= 1, missed", missing]


def test_a_line_has_the_interval_of_repeated_measurements():
    assert line(MET) == "simulate: flips: ours against theirs: 12 [11, 13] x: >= 9, met"


@pytest.mark.parametrize(
    ("value", "text"), [(0.12345, "0.123"), (12.345, "12.3"), (1234.5, "1,234"), (3e7, "3.00e+07")]
)
def test_numbers_have_three_figures(value, text):
    assert number(value) == text
