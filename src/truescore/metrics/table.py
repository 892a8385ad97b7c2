"""The table of errors that stands at the end of a run."""

import math
from collections.abc import Mapping

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from truescore.metrics.verdict import AT_FLOOR, LEVEL, Judgement, rejected

MARKS = "¹²³⁴⁵⁶⁷⁸⁹"
NOTE = (
    "floor: RMS error of as many perfect samples; percentile, p: among perfect sample sets;"
    " debiased: the model's own error, sqrt(value² - floor²) with its sign, and its 95% interval."
)
BASELINES_NOTE = " Baselines: debiased, or value where there is none."


def metrics_table(
    judgements: Mapping[str, Judgement],
    labels: Mapping[str, str],
    baselines: Mapping[str, Mapping[str, Judgement]] | None = None,
    footnotes: Mapping[str, str] | None = None,
    title: str | None = None,
) -> Group:
    """A table for the terminal, one row per metric.

    Args:
        judgements: by name of the metric.
        labels: names for people, by name; a metric without one shows its name.
        baselines: judgements of other samples of the same law, by the baseline's name.
        footnotes: remarks on single metrics, by name, such as "exact by symmetry".
        title: line above the table.
    """
    baselines, footnotes = baselines or {}, footnotes or {}
    table = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    table.add_column("metric", no_wrap=True)
    for name in ("value", "floor", "pct.", "p"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("debiased [95% interval]", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for name in baselines:
        table.add_column(Text(name), justify="right", style="dim")
    marked = [name for name in judgements if name in footnotes]
    texts = list(dict.fromkeys(footnotes[name] for name in marked))
    for name, judgement in judgements.items():
        label = labels.get(name, name)
        if name in marked:
            label += _mark(texts.index(footnotes[name]))
        others = [_brief(baseline.get(name)) for baseline in baselines.values()]
        table.add_row(Text(label), *_cells(judgement), *others)
    lines = [NOTE + (BASELINES_NOTE if baselines else ""), _family(judgements)]
    lines += [f"{_mark(i)} {text}" for i, text in enumerate(texts)]
    return Group(table, *(Text(line, style="dim") for line in lines))


def _cells(judgement: Judgement) -> list[Text]:
    interval = Text(_number(judgement.debiased))
    if judgement.ci_low is not None:
        interval.append(f" [{_number(judgement.ci_low)}, {_number(judgement.ci_high)}]")
    percentile = "-" if judgement.percentile is None else f"{judgement.percentile:.0f}"
    colour = "green" if judgement.verdict == AT_FLOOR else "yellow"
    return [
        Text(_number(judgement.value)),
        Text(_number(judgement.floor)),
        Text(percentile),
        Text("-" if judgement.p_value is None else f"{judgement.p_value:.3f}"),
        interval,
        Text(judgement.verdict or "-", style=colour if judgement.verdict else ""),
    ]


def _brief(judgement: Judgement | None) -> Text:
    if judgement is None:
        return Text("-")
    return Text(_number(judgement.value if judgement.debiased is None else judgement.debiased))


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.3g}"


def _family(judgements: Mapping[str, Judgement]) -> str:
    tested = sum(j.p_value is not None for j in judgements.values())
    wrong = rejected(judgements)
    found = f"not those of perfect samples: {', '.join(wrong)}" if wrong else "none rejected"
    return f"All {tested} p-values together, at {LEVEL:.0%} after Holm: {found}."


def _mark(index: int) -> str:
    return MARKS[index] if index < len(MARKS) else f"({index + 1})"
