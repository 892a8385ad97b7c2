"""A budget as a table and words for the terminal, and its files."""

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from truescore import plots
from truescore.budget.budget import SCORE_ERROR, Budget
from truescore.budget.parts import Part, Split
from truescore.files import write_json
from truescore.plots.budget import Panel, budget_figure
from truescore.targets import Observable

WIDTH = 100
# What the figure shows of a law that has them.
SHOWN = ("cov_frobenius", "two_point_function", "energy_per_site")
NOTE = (
    "part: what this rung adds to the one above, by paired differences, with its 95% interval; of"
    " vectors the norm less its own noise, of single numbers the change with its sign. debiased:"
    " the rung's own error, from its samples alone."
)


def write_budget(budget: Budget, folder: Path) -> list[Path]:
    """Write ``budget.json``, ``table.txt`` and the figure into an existing folder."""
    files = [folder / name for name in ("table.txt", "budget.png", "budget.pdf", "budget.json")]
    with files[0].open("w", encoding="utf-8") as stream:
        Console(file=stream, width=WIDTH).print(table(budget))
    figure = budget_figure(panels(budget), _title(budget))
    plots.save(figure, files[1])
    plots.save(figure, files[2])
    write_json(files[3], budget.as_dict() | {"words": words(budget)})
    return files


def table(budget: Budget) -> Group:
    """A block for each observable: its error on every rung, and each part; then the words."""
    parts: list[Table | Text] = [Text(_title(budget)), Text("")]
    for observable in budget.observables:
        parts += [_block(budget, observable), Text("")]
    if any(SCORE_ERROR in judged for judged in budget.judgements):
        parts += [_scores(budget), Text("")]
    return Group(*parts, Text(NOTE, style="dim"), Text(""), *map(Text, words(budget)))


def words(budget: Budget) -> list[str]:
    """The largest part, then a line for each observable: what is seen, and how it adds up."""
    return [
        _largest(budget),
        *(
            f"{observable.label}: {_seen(budget, each)}; {_adding_up(observable, each)}"
            for observable in budget.observables
            for each in (budget.splits[observable.name],)
        ),
    ]


def panels(budget: Budget) -> list[Panel]:
    """What the figure shows: three observables at most."""
    last = budget.judgements[-1]
    return [_panel(budget, o, last[o.name].floor) for o in _shown(budget)]


def _shown(budget: Budget) -> Sequence[Observable]:
    named = {o.name: o for o in budget.observables}
    return [named[name] for name in SHOWN if name in named] or budget.observables[:3]


def _panel(budget: Budget, observable: Observable, floor: float) -> Panel:
    each = budget.splits[observable.name]
    return Panel(
        observable.label,
        [f"{letter}  {cause}" for letter, cause in budget.rungs[1:]],
        [one.value for one in each.parts],
        ([one.low for one in each.parts], [one.high for one in each.parts]),
        each.total.value,
        (each.total.low, each.total.high),
        floor,
        signed=len(observable.exact) == 1,
    )


def _title(budget: Budget) -> str:
    return f"{budget.name}: where its error comes from ({budget.n_generate:,} samples a rung)"


def _block(budget: Budget, observable: Observable) -> Table:
    each = budget.splits[observable.name]
    block = _empty(observable.label, "value", "floor", "debiased", "verdict", "part [95% interval]")
    for (letter, cause), judged, part in zip(
        budget.rungs, budget.judgements, (None, *each.parts), strict=True
    ):
        own = judged[observable.name]
        block.add_row(
            f"{letter}  {cause}",
            _number(own.value),
            _number(own.floor),
            _number(own.debiased),
            own.verdict or "-",
            "-" if part is None else _with_interval(part),
        )
    block.add_row("last less first", "", "", "", "", _with_interval(each.total))
    return block


def _scores(budget: Budget) -> Table:
    block = _empty("score error", "value [95% interval]")
    for (letter, cause), judged in zip(budget.rungs, budget.judgements, strict=True):
        if one := judged.get(SCORE_ERROR):
            low, high = _number(one.ci_low), _number(one.ci_high)
            block.add_row(f"{letter}  {cause}", f"{_number(one.value)} [{low}, {high}]")
    return block


def _empty(first: str, *columns: str) -> Table:
    block = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    block.add_column(first, no_wrap=True, min_width=24)
    for name in columns:
        block.add_column(Text(name), justify="right", no_wrap=True)
    return block


def _largest(budget: Budget) -> str:
    observable = _shown(budget)[0]
    each = budget.splits[observable.name]
    of_error = f"the error of the {observable.label}"
    seen = _seen_parts(budget, each)
    if not seen:
        return f"no part of {of_error} is seen with {budget.n_generate:,} samples a rung"
    name, part = seen[0]
    together = f"all parts together {_number(each.total.value)}"
    return f"most of {of_error} comes from {name}, {_number(part.value)}; {together}"


def _seen(budget: Budget, each: Split) -> str:
    seen = _seen_parts(budget, each)
    if not seen:
        return "no part is seen"
    return "seen are " + ", ".join(f"{name} {_with_interval(part)}" for name, part in seen)


def _seen_parts(budget: Budget, each: Split) -> list[tuple[str, Part]]:
    """What is told from nothing, by its cause, the largest first."""
    named = zip(budget.rungs[1:], each.parts, strict=True)
    seen = [(f"{letter} ({cause})", part) for (letter, cause), part in named if part.seen]
    return sorted(seen, key=lambda entry: -abs(entry[1].value))


def _adding_up(observable: Observable, each: Split) -> str:
    if len(observable.exact) == 1:
        return f"together they make {_with_interval(each.total)}, their exact sum"
    squares = f"a root of the sum of squares of {_number(each.root_of_squares)}"
    if each.root_of_squares < 0:
        squares = "a sum of squares that is not told from 0"
    sizes = f"a sum of sizes of {_number(each.sum_of_sizes)}"
    if any(part.value < 0 for part in each.parts):
        sizes += ", parts below 0 left out"
    return f"together {_with_interval(each.total)}, beside {squares} and {sizes}"


def _with_interval(part: Part) -> str:
    return f"{_number(part.value)} [{_number(part.low)}, {_number(part.high)}]"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1e}" if 0 < abs(value) < 1e-3 else f"{value:.2g}"
