"""Table, lines, JSON and figure of made-up measurements."""

import io
import json

import pytest
from rich.console import Console

from truescore.benchmark import Row, Spread, Target
from truescore.benchmark.pages import Benchmark, line, misses, table, write_benchmark
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
BENCHMARK = Benchmark(MACHINE, [MET, MISSED, ABSENT])


def test_the_table_says_what_was_met_and_what_was_missed():
    console = Console(width=130, file=io.StringIO())
    console.print(table(BENCHMARK))
    text = console.file.getvalue()
    assert "abacus, 2 cores" in text and "flags unknown" in text
    assert "1,234 [1,200, 1,300] x" in text and ">= 9, met" in text
    assert "2 s" in text and "<= 1, missed" in text
    assert "not measured" in text and "azula is not installed" in text


def test_only_what_is_worse_than_its_target_is_a_miss():
    assert misses(BENCHMARK.rows) == ["startup: --help: median: 2 s: <= 1, missed"]
    assert line(ABSENT).endswith("-: >= 1, not measured: azula is not installed")


def test_the_files_hold_all_rows(tmp_path):
    files = write_benchmark(BENCHMARK, tmp_path)
    names = {"table.txt", "benchmark.json", "benchmark.png", "benchmark.pdf"}
    assert {file.name for file in files} == names
    assert all(file.stat().st_size > 0 for file in files)
    written = json.loads((tmp_path / "benchmark.json").read_text())
    assert written["schema_version"] == 1 and written["machine"] == MACHINE
    assert [row["verdict"] for row in written["rows"]] == ["met", "missed", "not measured"]
    assert written["rows"][0]["spread"] == {"median": 1234, "low": 1200, "high": 1300, "n": 7}


def test_without_ratios_there_is_no_figure(tmp_path):
    files = write_benchmark(Benchmark(MACHINE, [MISSED, ABSENT]), tmp_path)
    assert {file.suffix for file in files} == {".txt", ".json"}


@pytest.mark.parametrize("bars", [[], [Bar("none", 0.0, (0.0, 0.0))]])
def test_a_figure_needs_ratios(bars):
    with pytest.raises(UserError, match="^bars: got"):
        benchmark_figure(bars)
