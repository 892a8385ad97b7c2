"""Tables and numbers as the pages write them."""

import math

from truescore.study.fits import Estimate
from truescore.study.markdown import code, interval, number, table


def test_a_table_has_a_line_for_each_row_and_keeps_bars_apart():
    assert table(["a", "b"], [["1", "x|y"]]).splitlines() == [
        "| a | b |",
        "| --- | ---: |",
        "| 1 | x\\|y |",
    ]


def test_what_has_no_upper_end_is_told_by_its_lower_one():
    assert interval(Estimate(math.inf, 12.0, math.inf)) == "> 12"
    assert interval(Estimate(math.inf, math.inf, math.inf)) == "∞"
    assert interval(Estimate(2.0, 0.25, math.inf)) == "2 [0.25, ∞]"
    assert interval(Estimate(1234.5)) == "1,234"


def test_what_is_not_there_is_a_dash_and_code_cannot_be_left():
    assert number(None) == number(math.nan) == "-"
    assert code("a`b") == "`ab`"
