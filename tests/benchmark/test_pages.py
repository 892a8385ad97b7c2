"""Table, lines, JSON and figure of made-up measurements."""

import io
import json

import pytest
from rich.console import Console

from truescore.benchmark import Row, Spread, Target
from truescore.benchmark.pages import table, write_figure, write_rows
from truescore.benchmark.result import Benchmark
from truescore.errors import UserError
from truescore.plots.benchmark import Bar, benchmark_figure

MACHINE = {
    "processor": "abacus",
    "cores": 2,
    "threads": 1,
    "device": "cpu",
    "torch": "2",
    "cpu_flags": [],
    "load": [0.5, 0.4, 0.3],
}
MET = Row.ratio("simulate", "flips", "ours against theirs", Spread(1234, 1200, 1300, 7), Target(9))
MISSED = Row("startup", "--help", "median", "s", Spread(2, 2, 2, 1), Target(1, at_least=False))
ABSENT = Row.ratio("sample", "DDIM", "against azula", None, Target(1), "azula is not installed")
BENCHMARK = Benchmark(MACHINE, [MET, MISSED, ABSENT], {"simulate": 12.0, "startup": 3.5})


def test_the_table_says_what_was_met_and_what_was_missed():
    console = Console(width=130, file=io.StringIO())
    console.print(table(BENCHMARK))
    text = console.file.getvalue()
    assert "abacus, 2 cores" in text and "flags unknown" in text and "16 s in all" in text
    assert "simulate (12 s)" in text and "sample (0 s)" in text
    assert "1,234 [1,200, 1,300] x" in text and ">= 9, met" in text
    assert "2 s" in text and "<= 1, missed" in text
    assert "not measured" in text and "azula is not installed" in text


def test_the_files_hold_all_rows(tmp_path):
    files = [*write_rows(BENCHMARK, tmp_path), *write_figure(BENCHMARK, tmp_path)]
    names = {"table.txt", "benchmark.md", "benchmark.json", "benchmark.png", "benchmark.pdf"}
    assert {file.name for file in files} == names
    assert all(file.stat().st_size > 0 for file in files)
    written = json.loads((tmp_path / "benchmark.json").read_text())
    assert written["schema_version"] == 2 and written["machine"] == MACHINE
    assert [row["verdict"] for row in written["rows"]] == ["met", "missed", "not measured"]
    assert written["rows"][0]["spread"] == {"median": 1234, "low": 1200, "high": 1300, "n": 7}
    assert written["seconds"] == {"simulate": 12.0, "startup": 3.5}
    assert written["total_seconds"] == 15.5


def test_without_ratios_there_is_no_figure(tmp_path):
    assert write_figure(Benchmark(MACHINE, [MISSED, ABSENT]), tmp_path) == []


@pytest.mark.parametrize("bars", [[], [Bar("none", 0.0, (0.0, 0.0))]])
def test_a_figure_needs_ratios(bars):
    with pytest.raises(UserError, match="^bars: got"):
        benchmark_figure(bars)
