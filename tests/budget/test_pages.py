"""What a budget says in its table and words, and what it writes."""

import io
import json

import pytest
from rich.console import Console

from truescore.budget import measure, table, words, write_budget
from truescore.processes import VarianceExploding
from truescore.samplers import Heun

from .gaussian import LAW, run_on


@pytest.fixture(scope="module")
def budget():
    process = VarianceExploding(sigma_min=0.01, sigma_max=3.0)
    run = run_on(LAW, process, Heun(8, prior="standard"))
    return measure(run, 400, fine_steps=8, train=False)


def test_the_words_name_what_is_seen_and_how_it_adds_up(budget):
    first = words(budget)[0]
    assert first.startswith("most of the error of the covariance, Frobenius comes from ")
    line = next(line for line in words(budget) if line.startswith("covariance"))
    assert "seen are B (prior) 0." in line
    assert "root of the sum of squares of" in line and "sum of sizes of" in line
    assert not any("EF" in line for line in words(budget))


def test_every_rung_and_the_total_stand_in_the_table(budget):
    console = Console(width=100, file=io.StringIO())
    console.print(table(budget))
    text = console.file.getvalue()
    for row in ("A  exact score", "B  prior", "C  step size", "D  final step", "last less first"):
        assert text.count(row) == len(budget.observables)
    assert "400 samples a rung" in text


def test_the_files_hold_all_numbers(budget, tmp_path):
    files = write_budget(budget, tmp_path)
    assert {file.name for file in files} == {
        "budget.json",
        "budget.png",
        "budget.pdf",
        "table.txt",
    }
    assert all(file.stat().st_size > 0 for file in files)
    written = json.loads((tmp_path / "budget.json").read_text())
    assert written["words"] == words(budget) and written["n_generate"] == 400
    assert [rung["letter"] for rung in written["rungs"]] == ["A", "B", "C", "D", "EF"]
    part = written["parts"]["cov_frobenius"]["parts"]["B"]
    assert set(part) == {"value", "low", "high", "square"}
    assert part["value"] == budget.splits["cov_frobenius"].parts[0].value
