import json
import math

import pytest

from truescore.metrics import Judgement, holm, rejected
from truescore.metrics.verdict import signed_root, verdict


def test_holm_by_hand():
    # Sorted: 0.005, 0.01, 0.03, 0.04, times 4, 3, 2, 1: 0.02, 0.03, 0.06, 0.04;
    # then the largest so far.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_edges():
    assert holm([]) == []
    assert holm([0.2]) == [0.2]
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_rejected_at_family_level():
    def at(p):
        return Judgement(1.0, 1.0, p_value=p)

    # 0.004 passes alone, not among three: 3 x 0.004 > 0.01.
    assert rejected({"a": at(0.004), "b": at(0.5), "c": at(0.5), "d": at(None)}) == []
    # 0.001 x 3 is rejected, which leaves two: 0.004 x 2.
    assert rejected({"a": at(0.004), "b": at(0.001), "c": at(0.5)}) == ["a", "b"]


@pytest.mark.parametrize(
    ("value", "floor", "p", "text"),
    [
        (1.9, 1.0, 0.01, "at floor"),
        (1.28, 1.0, 0.009, "1.3 x floor"),
        (2.0, 1.0, 0.001, "2.0 x floor"),
        (9.97, 1.0, 0.001, "10 x floor"),
        (124.0, 1.0, 0.001, "120 x floor"),
        (0.5, 0.0, 0.001, "above a floor of 0"),
    ],
)
def test_verdict_text(value, floor, p, text):
    assert verdict(value, floor, p) == text


def test_signed_root():
    assert signed_root(4.0) == 2.0
    assert signed_root(-4.0) == -2.0
    assert signed_root(0.0) == 0.0


def test_as_dict_is_json_safe():
    judgement = Judgement(math.nan, math.inf, 50.0, 0.5, -math.inf, verdict="at floor")
    assert json.loads(json.dumps(judgement.as_dict(), allow_nan=False)) == {
        "value": None,
        "floor": None,
        "percentile": 50.0,
        "p_value": 0.5,
        "debiased": None,
        "ci_low": None,
        "ci_high": None,
        "verdict": "at floor",
        "z": None,
    }
