"""Sizes below what is asked of them are named, with the budget of a cell or how to get one."""

import json

import pytest

from truescore.budget.budget import SCHEMA_VERSION
from truescore.study import read_study, write_report
from truescore.study.budgets import budgets, misses

from .protocol import spectrum, write_cell

AS_THE_DATA = {"a": float(spectrum(16).sum() ** 0.5)}  # a model as good as its data's moments


@pytest.fixture
def without_figures(monkeypatch):
    monkeypatch.setattr("truescore.study.pages.study_figures", lambda *_: {})


def measured(cell, words, version=SCHEMA_VERSION):
    (cell / "budget").mkdir()
    told = {"schema_version": version, "name": "swept, d = 16", "words": words}
    (cell / "budget" / "budget.json").write_text(json.dumps(told))
    for kind in ("png", "pdf"):
        (cell / "budget" / f"budget.{kind}").write_bytes(b"a figure")


def cells(folder, n_seeds=20, **options):
    return [write_cell(folder, 16, 1000, seed, **options) for seed in range(n_seeds)]


def test_rings_are_asked_for_four_and_chains_for_one_up_to_their_plateau(tmp_path):
    cells(tmp_path / "ring", law=AS_THE_DATA)
    (miss,) = misses(read_study(tmp_path / "ring"), "-")
    assert (miss.dim, miss.n_train) == (16, 1000) and miss.efficiency.value < 4
    half = {"a": 2 * AS_THE_DATA["a"]}  # worth a quarter of its data
    cells(tmp_path / "chain", law=half, dataset="ginzburg_landau")
    write_cell(tmp_path / "chain", 16, 65_536, 0, law={"b": 1.0}, dataset="ginzburg_landau")
    (miss,) = misses(read_study(tmp_path / "chain"), "-")
    assert miss.n_train == 1000 and miss.efficiency.high < 1
    cells(tmp_path / "good", law={"a": AS_THE_DATA["a"] / 10})
    assert misses(read_study(tmp_path / "good"), "-") == []


def test_the_worst_run_is_the_one_to_measure(tmp_path, without_figures):
    cells(tmp_path, 3, law=AS_THE_DATA)
    study = read_study(tmp_path)
    rows = study.cells[study.cells["metric"] == "cov_frobenius"]
    worst = rows.loc[rows["value"].idxmax(), "cell"]
    (tmp_path / "report").mkdir()
    write_report(study, tmp_path / "report")
    text = (tmp_path / "report" / "report.md").read_text()
    assert f"of its worst run: `python scripts/budget.py run={tmp_path / worst}`" in text


def test_a_budget_stands_in_both_pages_with_its_words(tmp_path, without_figures):
    cell = cells(tmp_path, 3, law=AS_THE_DATA)[0]
    measured(cell, ["covariance: seen are F 0.5, beside a sum of sizes of 0.6"])
    (tmp_path / "report").mkdir()
    files = write_report(read_study(tmp_path), tmp_path / "report")
    text, page = ((tmp_path / "report" / f"report.{kind}").read_text() for kind in ("md", "html"))
    assert f"budget below: `{cell.name}`" in text and "no budget" not in text
    for told in (text, page):
        assert "covariance: seen are F 0.5, beside a sum of sizes of 0.6" in told
    assert f"](budget_{cell.name}.png)" in text and "data:image/png;base64," in page
    assert {f"budget_{cell.name}.{kind}" for kind in ("png", "pdf")} <= {f.name for f in files}


def test_a_budget_of_another_version_counts_as_none(tmp_path):
    measured(cells(tmp_path, 1)[0], [], version=1)
    assert budgets(read_study(tmp_path), "-") == {}
