import io

import pytest
from rich.console import Console

from truescore.metrics import Judgement, metrics_table

GOOD = Judgement(0.0211, 0.0253, 18.0, 0.817, -0.0138, -0.0244, 0.0268, "at floor")
BAD = Judgement(0.289, 0.196, 100.0, 0.000999, 0.212, 0.158, 0.264, "1.5 x floor")
PLAIN = Judgement(0.147, 0.163, 34.0, 0.66, verdict="at floor")
SCORE = Judgement(2.5e-4, 0.0, debiased=2.5e-4, ci_low=2.4e-4, ci_high=2.6e-4)


def rendered(width=140, **kwargs):
    judgements = {"mean_l1": PLAIN, "mean_l2": GOOD, "cov_frobenius": BAD, "score_error": SCORE}
    labels = {"mean_l1": "mean, L1", "mean_l2": "mean, L2", "cov_frobenius": "covariance"}
    console = Console(width=width, file=io.StringIO())
    console.print(metrics_table(judgements, labels, **kwargs))
    return console.file.getvalue()


def row(text, start):
    return next(line.split() for line in text.splitlines() if line.strip().startswith(start))


def test_rows_hold_what_was_judged():
    text = rendered()
    assert " ".join(row(text, "mean, L1")) == "mean, L1 0.147 0.163 0.660 - at floor"
    assert row(text, "covariance")[1:] == [
        "0.289", "0.196", "0.001", "0.212", "[0.16,", "0.26]", "1.5", "x", "floor",
    ]  # fmt: skip
    assert row(text, "score_error")[1:] == ["2.50e-4", "0", "-", "2.50e-4", "[2.4e-4,"] + [
        "2.6e-4]", "-",
    ]  # fmt: skip


def test_baselines_show_one_number_each():
    baselines = {"Gaussian fit": {"mean_l1": PLAIN, "cov_frobenius": BAD}, "two wells": {}}
    text = rendered(baselines=baselines)
    assert "Gaussian fit" in text
    _, beside = text.split("Beside it")
    assert row(beside, "mean, L1")[-2:] == ["0.147", "-"]
    assert row(beside, "covariance")[-2:] == ["0.212", "-"]


def test_z_has_a_column_where_there_is_one():
    assert " z " not in rendered()
    square = Judgement(-7.3e-6, 1.46e-5, 30.0, 0.7, verdict="at floor", z=-0.5)
    console = Console(width=100, file=io.StringIO())
    console.print(metrics_table({"hamming_mmd": square, "mean_l1": PLAIN}, {}))
    text = console.file.getvalue()
    assert row(text, "metric")[1:4] == ["value", "floor", "z"]
    assert row(text, "hamming_mmd")[1:5] == ["-7.30e-6", "1.46e-5", "-0.5", "0.700"]
    assert row(text, "mean_l1")[3] == "-"


def test_footnotes_are_shared():
    text = rendered(footnotes={name: "exact by symmetry" for name in ("mean_l1", "mean_l2")})
    assert "mean, L1¹" in text
    assert "mean, L2¹" in text
    assert text.count("¹ exact by symmetry") == 1


def test_the_family_is_judged_together():
    assert "All 3 p-values together, at 1% after Holm: not those of perfect samples: " in rendered()
    assert "not those of perfect samples: covariance.\n" in rendered()


def test_too_few_null_draws_are_said_to_be_too_few():
    assert "cannot be tested at 1% after Holm with metrics.n_null=200" in rendered(n_null=200)
    assert "not those of perfect samples" in rendered(n_null=1000)


def test_no_row_is_cut_on_a_narrow_terminal():
    text = rendered(width=80)
    assert "…" not in text


@pytest.mark.parametrize(
    ("p", "text"), [(0.00999, "0.00999"), (0.01, "0.01"), (0.0099, "0.0099"), (0.0999, "0.1")]
)
def test_a_p_value_is_not_rounded_across_the_level_of_its_verdict(p, text):
    console = Console(width=100, file=io.StringIO())
    console.print(metrics_table({"mean": Judgement(1.0, 1.0, 50.0, p, verdict="at floor")}, {}))
    assert row(console.file.getvalue(), "mean")[3] == text


@pytest.mark.parametrize(
    ("value", "low", "high", "printed"),
    [
        (1.174, 1.166, 1.181, "1.17 [1.17, 1.18]"),
        (-0.001642, -0.001642, 0.0039, "-0.00164 [-0.00164, 0.0039]"),
        (0.289, 0.158, 0.264, "0.289 [0.158, 0.264]"),
        (0.212, 0.158, 0.264, "0.212 [0.16, 0.26]"),
    ],
)
def test_a_value_is_printed_inside_its_interval(value, low, high, printed):
    console = Console(width=140, file=io.StringIO())
    judged = Judgement(value, 0.0, debiased=value, ci_low=low, ci_high=high)
    console.print(metrics_table({"x": judged}, {}))
    assert printed in console.file.getvalue()
