"""A benchmark as tables in Markdown, for a page to take in as they are."""

from collections.abc import Iterator, Sequence

from truescore.benchmark.result import Benchmark
from truescore.benchmark.rows import Row
from truescore.benchmark.words import NOTE, value, verdict

HEAD = ("what", "quantity", "median [68 %]", "target", "note")


def markdown(benchmark: Benchmark) -> str:
    """The machine, a table for each group with its seconds, and the targets met and missed."""
    blocks = [benchmark.heading() + ".", f"`x`{NOTE[1:]}"]
    for name, rows in benchmark.groups.items():
        seconds = benchmark.seconds.get(name, 0.0)
        blocks += [f"### `{name}`, {seconds:.0f} s", table(HEAD, [_cells(row) for row in rows])]
    blocks += ["### Targets", *_targets(benchmark.rows)]
    return "\n\n".join(blocks) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of texts; bars in them are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def _cells(row: Row) -> list[str]:
    return [row.case, row.quantity, value(row), verdict(row), row.note]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _targets(rows: Sequence[Row]) -> Iterator[str]:
    """How many were met; a table of all others."""
    held = [row for row in rows if row.target is not None]
    others = [row for row in held if row.verdict != "met"]
    yield f"Met: {len(held) - len(others)} of {len(held)}."
    if others:
        yield table(("group", *HEAD), [[row.group, *_cells(row)] for row in others])
