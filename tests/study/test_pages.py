"""The script as a user runs it, the figures it leaves, and the words of the report."""

import itertools
import json
import re
import runpy
import sys
from pathlib import Path

import pytest

from truescore.plots import style
from truescore.plots.scaling import BELOW
from truescore.study import read_study
from truescore.study.figures import study_figures
from truescore.study.limits import in_short, what_all_tell, what_limits
from truescore.study.scaling import series
from truescore.study.tables import fitted_laws, numbers

from .protocol import spectrum, write_cell, write_sweep

ROOT = Path(__file__).resolve().parents[2]
FIGURES = [
    "error_against_n",
    "efficiency",
    "error_against_d",
    "score_error_against_n",
    "excess_loss_against_n",
    "score_error_over_snr",
]


@pytest.fixture
def script(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["report.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            runpy.run_path(str(ROOT / "scripts" / "report.py"), run_name="__main__")
        captured = capsys.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


def test_a_sweep_half_way_becomes_one_page_that_needs_no_other_file(script, tmp_path):
    sweep = write_sweep(tmp_path / "swept", (8, 16), (1000, 10_000), 2)
    (sweep / "d16_n10000_seed1" / "summary.json").unlink()
    mark = {"schema_version": 1, "error": "UserError", "messages": ["lower <b>it</b> | now"]}
    (sweep / "d16_n10000_seed1" / "failed.json").write_text(json.dumps(mark))
    code, out, error = script(f"sweep={sweep}", f"out={tmp_path / 'told'}")
    assert code == 0, error
    told = {path.name for path in (tmp_path / "told").iterdir()}
    both = {f"{name}.{kind}" for name in FIGURES for kind in ("png", "pdf")}
    assert told == both | {"cells.csv", "cells.parquet", "report.md", "report.html"}
    assert out.splitlines()[-1].endswith("report.html")
    text = (tmp_path / "told" / "report.md").read_text()
    assert "7 of 8 cells finished, 1 failed" in text and "`d16_n10000_seed1`: lower" in text
    assert "0 (fewer than 4 N)" in text
    page = (tmp_path / "told" / "report.html").read_text()
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(sources) == len(FIGURES)
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "http" not in page and "<b>it" not in page


def test_variants_have_sections_and_figures_of_their_own(script, tmp_path):
    sweep = tmp_path / "swept"
    for steps in (8, 16):
        write_cell(sweep, 8, 1000, 0, **{"sampler.steps": steps})
    code, _, error = script(f"sweep={sweep}")
    assert code == 0, error
    text = (sweep / "report" / "report.md").read_text()
    assert "# With `sampler.steps=16`" in text and "error_against_n_2.png" in text
    assert (sweep / "report" / "error_against_n_1.png").is_file()
    assert "# Side by side" in text and (sweep / "report" / "side_by_side.png").is_file()
    # Made again, the report's own folder is no cell.
    assert script(f"sweep={sweep}")[0] == 0


def tables(text):
    """The cells of every line of each table of a Markdown page."""
    lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines()]
    return [list(rows) for is_table, rows in itertools.groupby(lines, key=bool) if is_table]


def test_every_row_is_as_long_as_its_head(script, tmp_path):
    """Another seed for one variant: a cell too many or too few would move all that follow."""
    for steps in (8, 16):
        for seed in range(2):
            write_cell(tmp_path, 8, 1000, seed, **{"sampler.steps": steps})
    write_cell(tmp_path, 8, 1000, 2, **{"sampler.steps": 8})
    assert script(f"sweep={tmp_path}")[0] == 0
    found = tables((tmp_path / "report" / "report.md").read_text())
    assert len(found) >= 5
    for head, *rows in found:
        assert all(len(row) == len(head) for row in rows), head
    compared = dict(zip(map(str.strip, found[0][0]), map(str.strip, found[0][3]), strict=True))
    assert compared["variant"] == "`sampler.steps=16`" and compared["seeds"] == "2"
    assert compared["training, s"] == "12" and compared["1,000 samples, s"] == "0.3"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["out=x"], "got no sweep=DIR"),
        (["sweep=nowhere"], "got sweep=nowhere, which is no folder"),
        (["sweep=x", "seed=1"], "got 'seed=1', expected sweep=DIR [out=DIR]"),
        (["sweep"], "got 'sweep', expected key=value"),
    ],
)
def test_mistakes_are_one_line(arguments, message, script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, error = script(*arguments)
    assert code == 2 and message in error and len(error.strip().splitlines()) == 1


def limits(folder, **options):
    study = read_study(write_sweep(folder, (16,), (1000, 4000, 16_000, 64_000), 6, **options))
    found = {name: series(study, "-", name, "n_train") for name in ("mean_l2", "score_error")}
    return dict(zip(found, what_limits(study, found), strict=True))


def test_the_words_name_what_limits_the_model(tmp_path):
    by_data = limits(tmp_path / "data", law={"a": 15.0})
    assert "as where data alone limit it (1/sqrt(N))" in by_data["mean_l2"]
    assert "as where data alone limit it (1/N)" in by_data["score_error"]
    by_bias = limits(tmp_path / "bias", law={"a": 20.0, "b": 0.2})["mean_l2"]
    assert "stays however large N is" in by_bias and "is worse than the moments" in by_bias
    perhaps = limits(tmp_path / "perhaps", law={"a": 6.0, "b": 0.2})["mean_l2"]
    assert "stays however large N is these cells do not tell" in perhaps
    unseen = limits(tmp_path / "unseen", law={"a": 0.0})["mean_l2"]
    assert "n_generate limits what is seen" in unseen or "closer to the law" in unseen
    assert "data alone limit" not in unseen


@pytest.mark.parametrize(
    ("law", "limit"),
    [
        ({"a": 15.0}, "data"),
        ({"a": 20.0, "b": 0.2}, "a fixed part"),
        ({"a": 6.0, "b": 0.2}, "data, perhaps a fixed part"),
        ({"a": 0.0}, "n_generate"),
    ],
)
def test_a_table_says_in_short_what_limits_the_model(tmp_path, law, limit):
    study = read_study(write_sweep(tmp_path, (16,), (1000, 4000, 16_000, 64_000), 6, law=law))
    found = {"mean_l2": series(study, "-", "mean_l2", "n_train")}
    head, _, row = in_short(study, found).splitlines()
    assert (head, row) == ("| d | mean, L2 |", f"| 16 | {limit} |")
    assert in_short(study, {}) == ""


@pytest.mark.parametrize(
    ("law", "pace"),
    [({"a": 15.0}, "as where data alone"), ({"a": 15.0, "s": 0.15}, "more slowly than where data")],
)
def test_all_dimensions_together_tell_a_slope(tmp_path, law, pace):
    study = read_study(write_sweep(tmp_path, (16, 32), (1000, 4000, 16_000), 6, law=law))
    names = "cov_frobenius", "score_error"
    found = {name: series(study, "-", name, "n_train") for name in names}
    moments, score = what_all_tell(study, "-", found)
    assert moments.startswith("**covariance, Frobenius, all d together.**") and pace in moments
    assert score.startswith("**score, all d together.**") and "(1/N)" in score
    assert what_all_tell(study, "-", {}) == []


def test_a_plateau_has_no_slope_for_all(tmp_path):
    sizes = (16, 32), (1000, 4000, 16_000, 64_000)
    study = read_study(write_sweep(tmp_path, *sizes, 6, law={"a": 20.0, "b": 0.2}))
    found = {"mean_l2": series(study, "-", "mean_l2", "n_train")}
    assert what_all_tell(study, "-", found) == []


def test_the_mean_of_odd_networks_has_no_law_in_n(tmp_path):
    """What stands there is the samples' own noise, which seeds share."""
    net = {"_target_": "truescore.nets.LeaveOneOutMessages", "odd": True}
    for n_train in (1000, 4000):
        write_cell(tmp_path, 16, n_train, 0, **{"model.net": net})
    study = read_study(tmp_path)
    (line,) = what_limits(study, {"mean_l2": series(study, "-", "mean_l2", "n_train")})
    assert "exact by construction" in line and "falls" not in line
    found = {name: series(study, "-", name, "n_train") for name in ("mean_l2", "cov_frobenius")}
    assert "mean" not in fitted_laws(study, "-", found).split("\n\n")[0]
    head = numbers(study, "-", found).splitlines()[0]
    assert head.count("efficiency") == 1 and "mean: own error" in head
    figures = study_figures(study, "-")
    assert [ax.get_title(loc="left") for ax in figures["efficiency"].axes] == [
        "efficiency, covariance, Frobenius"
    ]
    assert len(figures["error_against_n"].axes) == 2


def test_more_than_three_dimensions_go_on_in_a_second_row(tmp_path):
    study = read_study(write_sweep(tmp_path, (4, 8, 16, 32, 64), (1000, 4000), 2))
    figures = study_figures(study, "-")
    shown = [ax for ax in figures["error_against_n"].axes if ax.axison]
    assert len(figures["error_against_n"].axes) == 12 and len(shown) == 10
    titles = [ax.get_title(loc="left").split(":")[0] for ax in shown]
    assert titles == 2 * [f"d = {d}" for d in (4, 8, 16, 32, 64)]
    levels = figures["score_error_over_snr"]
    assert sum(ax.axison for ax in levels.axes) == 5


def test_scores_are_not_blamed_on_the_sampler(tmp_path):
    for name, line in limits(tmp_path, law={"a": 20.0, "b": 0.2}).items():
        if "stays however large" in line:
            assert ("steps" in line) == (name != "score_error")


def test_few_seeds_that_all_show_an_error_are_not_called_perfect(tmp_path):
    """Two seeds have wide intervals, whatever their own p-values say."""
    for seed, bias in ((0, 0.2), (1, 2.0)):
        cell = write_cell(tmp_path, 16, 1000, seed, law={"a": 0.0, "b": bias})
        summary = json.loads((cell / "summary.json").read_text())
        summary["metrics"]["mean_l2"]["p_value"] = 0.001
        (cell / "summary.json").write_text(json.dumps(summary))
    study = read_study(tmp_path)
    found = {"mean_l2": series(study, "-", "mean_l2", "n_train")}
    (line,) = what_limits(study, found)
    assert "seen in 2 of them" in line and "add seeds" in line
    assert "do not show an error" not in line


def test_efficiency_is_the_exact_floor_over_the_models_own_square(tmp_path):
    """A model as good as its data's moments has 1 on average: a^2 = tr, s = 1/2."""
    for seed in range(100):
        write_cell(tmp_path, 4, 1000, seed, law={"a": float(spectrum(4).sum() ** 0.5)})
    (one,) = series(read_study(tmp_path), "-", "mean_l2", "n_train")
    (point,) = one.points
    efficiency = point.efficiency
    assert efficiency.low < 1 < efficiency.high
    assert efficiency.value == pytest.approx(1, abs=0.35)
    assert point.n_seeds == 100 and one.fit is None


def test_figures_keep_the_houses_colours_and_show_limits_as_arrows(tmp_path):
    write_sweep(tmp_path, (16,), tuple(100 * 10**k for k in range(5)), 2, law={"a": 0.0})
    study = read_study(tmp_path)
    figures = study_figures(study, "-")
    assert "error_against_d" not in figures  # one dimension
    ax = figures["error_against_n"].axes[0]
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert lines["$n_\\mathrm{generate}$ perfect samples"].get_color() == style.EXACT
    data = lines["moments of the $N$ data (exact floor)"]
    assert data.get_color() == style.DATA
    assert data.get_ydata()[0] / data.get_ydata()[1] == pytest.approx(10**0.5)
    (one,) = series(study, "-", "mean_l2", "n_train")
    below = sum(point.square.value <= 0 for point in one.points)
    arrows = [line for line in ax.get_lines() if line.get_marker() == BELOW]
    assert below > 0 and sum(len(line.get_xdata()) for line in arrows) >= below


def test_the_upper_edge_of_the_levels_tells_the_processs_times(tmp_path):
    cell = write_cell(tmp_path, 8, 1000, 0)
    curve = json.loads((cell / "summary.json").read_text())["score_error_curve"]
    figure = study_figures(read_study(tmp_path), "-")["score_error_over_snr"]
    (upper,) = figure.axes[0].child_axes
    figure.draw_without_rendering()
    told = dict(
        zip(upper.get_xticks(), (t.get_text() for t in upper.get_xticklabels()), strict=True)
    )
    assert told[curve["log_snr"][0]] == "2" and told[curve["log_snr"][-1]] == "0.001"
    assert len(told) == 5


def test_an_excess_loss_below_zero_is_an_arrow_at_its_upper_end(tmp_path):
    for n_train, excess in ((1000, 3e-4), (10_000, -2e-5)):
        cell = write_cell(tmp_path, 8, n_train, 0)
        summary = json.loads((cell / "summary.json").read_text())
        ends = {"ci_low": excess - 1e-4, "ci_high": excess + 1e-4}
        summary["metrics"]["excess_loss"] |= {"value": excess, **ends}
        (cell / "summary.json").write_text(json.dumps(summary))
    ax = study_figures(read_study(tmp_path), "-")["excess_loss_against_n"].axes[0]
    (arrow,) = (
        line for line in ax.get_lines() if line.get_marker() == BELOW and len(line.get_xdata())
    )
    assert arrow.get_ydata() == pytest.approx([8e-5])


def test_a_law_of_reals_squares_its_score_error(tmp_path):
    write_sweep(tmp_path, (16,), (1000, 10_000), 2, dataset="ginzburg_landau")
    study = read_study(tmp_path)
    (one,) = series(study, "-", "score_error", "n_train")
    rows = study.cells[study.cells["metric"] == "score_error"]
    mean = (rows[rows["n_train"] == 1000]["value"] ** 2).mean()
    assert one.points[0].square.value == pytest.approx(mean)
