"""Tables in Markdown that a page can take in as they are."""

from truescore.benchmark import Row, Spread, Target
from truescore.benchmark.markdown import markdown, table
from truescore.benchmark.result import Benchmark

from .test_pages import BENCHMARK, MACHINE, MET


def test_each_group_has_a_table_with_its_seconds():
    text = markdown(BENCHMARK)
    assert text.startswith("abacus, 2 cores") and text.endswith("\n")
    assert "### `simulate`, 12 s\n\n| what | quantity | median [68 %] | target | note |" in text
    assert "| flips | ours against theirs | 1,234 [1,200, 1,300] x | >= 9, met |  |" in text


def test_what_was_not_met_stands_once_more_at_the_end():
    end = markdown(BENCHMARK).partition("### Targets")[2]
    assert "Met: 1 of 3." in end and "flips" not in end
    assert "| startup | --help | median | 2 s | <= 1, missed |  |" in end
    assert "| sample | DDIM | against azula | - | >= 1, not measured |" in end


def test_all_met_needs_no_table():
    assert markdown(Benchmark(MACHINE, [MET])).endswith("### Targets\n\nMet: 1 of 1.\n")


def test_every_line_of_a_table_has_as_many_cells():
    row = Row("a|b", "p(x|y)", "", "s", Spread(1, 1, 1, 1), Target(1))
    lines = markdown(Benchmark(MACHINE, [row])).splitlines()
    cells = {line.replace("\\|", "").count("|") for line in lines if line.startswith("|")}
    assert cells == {6}
    assert table(("a",), [["x|y"]]).endswith("| x\\|y |")
