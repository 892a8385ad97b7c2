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
    "floor: RMS error of as many perfect samples; p: their chance to do worse;"
    " debiased: the model's own error, sqrt(value² - floor²) with its sign, and its 95% interval."
)
BASELINES_TITLE = "Beside it, with no network: debiased, or value where there is none"


def metrics_table(
    judgements: Mapping[str, Judgement],
    labels: Mapping[str, str],
    baselines: Mapping[str, Mapping[str, Judgement]] | None = None,
    footnotes: Mapping[str, str] | None = None,
    title: str | None = None,
    n_null: int | None = None,
) -> Group:
    """A table for the terminal, one row per metric.

    Args:
        judgements: by name of the metric.
        labels: names for people, by name; a metric without one shows its name.
        baselines: judgements of other samples of the same law, by the baseline's name.
        footnotes: remarks on single metrics, by name, such as "exact by symmetry".
        title: line above the table.
        n_null: number of perfect sample sets behind the p-values.
    """
    baselines, footnotes = baselines or {}, footnotes or {}
    marked = [name for name in judgements if name in footnotes]
    texts = list(dict.fromkeys(footnotes[name] for name in marked))

    def label(name: str) -> Text:
        mark = _mark(texts.index(footnotes[name])) if name in marked else ""
        return Text(labels.get(name, name) + mark)

    z = ("z",) if any(judgement.z is not None for judgement in judgements.values()) else ()
    table = _table(title, ("value", "floor", *z, "p", "debiased [95% interval]"))
    table.add_column("verdict", no_wrap=True)
    for name, judgement in judgements.items():
        table.add_row(label(name), *_cells(judgement, bool(z)))
    lines = [
        NOTE,
        _family(judgements, labels, n_null),
        *(f"{_mark(i)} {text}" for i, text in enumerate(texts)),
    ]
    parts: list[Table | Text] = [table, *(Text(line, style="dim") for line in lines)]
    if baselines:
        beside = _table(BASELINES_TITLE, tuple(baselines))
        for name in judgements:
            beside.add_row(label(name), *(_brief(other.get(name)) for other in baselines.values()))
        parts += [Text(""), beside]
    return Group(*parts)


def brief(judgement: Judgement) -> str:
    """An error in a few words: its own part with its interval, or its value, and the verdict.

    A verdict is of the value, floor included.
    """
    own = judgement.value if judgement.debiased is None else judgement.debiased
    text = _number(own)
    if judgement.ci_low is not None and judgement.ci_high is not None:
        text += f" {_ends(own, judgement.ci_low, judgement.ci_high)}"
    if judgement.verdict is None:
        return text
    return f"{text} ({'' if judgement.verdict == AT_FLOOR else 'value '}{judgement.verdict})"


def _table(title: str | None, columns: tuple[str, ...]) -> Table:
    table = Table(
        title=title, box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left", padding=(0, 1, 0, 0)
    )
    table.add_column("metric", no_wrap=True)
    for name in columns:
        table.add_column(Text(name), justify="right", overflow="fold")
    return table


def _cells(judgement: Judgement, with_z: bool) -> list[Text]:
    interval = Text(_number(judgement.debiased))
    if judgement.ci_low is not None and judgement.ci_high is not None:
        interval.append(f" {_ends(judgement.debiased, judgement.ci_low, judgement.ci_high)}")
    colour = "green" if judgement.verdict == AT_FLOOR else "yellow"
    return [
        Text(_number(judgement.value)),
        Text(_number(judgement.floor)),
        *([Text("-" if judgement.z is None else f"{judgement.z:+.1f}")] if with_z else []),
        Text("-" if judgement.p_value is None else _probability(judgement.p_value)),
        interval,
        Text(judgement.verdict or "-", style=colour if judgement.verdict else ""),
    ]


def _brief(judgement: Judgement | None) -> Text:
    if judgement is None:
        return Text("-")
    return Text(_number(judgement.value if judgement.debiased is None else judgement.debiased))


def _ends(value: float | None, low: float, high: float) -> str:
    """Ends of an interval in two digits, in three if the value as printed would be outside."""
    shown = math.nan if value is None else float(_number(value))
    for digits in (2, 3):
        ends = _number(low, digits), _number(high, digits)
        if math.isnan(shown) or float(ends[0]) <= shown <= float(ends[1]):
            break
    return f"[{ends[0]}, {ends[1]}]"


def _number(value: float | None, digits: int = 3) -> str:
    if value is None or math.isnan(value):
        return "-"
    if 0 < abs(value) < 1e-3:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.{digits}g}"


def _probability(p: float) -> str:
    text = f"{p:.3f}" if p >= 0.1 else f"{p:.2g}"
    # Rounding must not carry it over the level that decides the verdict beside it.
    return f"{p:.3g}" if p < LEVEL <= float(text) else text


def _family(
    judgements: Mapping[str, Judgement], labels: Mapping[str, str], n_null: int | None
) -> str:
    tested = sum(j.p_value is not None for j in judgements.values())
    if n_null is not None and tested > LEVEL * (n_null + 1):
        return (
            f"All {tested} p-values together cannot be tested at {LEVEL:.0%} after Holm with"
            f" metrics.n_null={n_null}: use {round(tested / LEVEL)} or more."
        )
    wrong = [labels.get(name, name) for name in rejected(judgements)]
    found = f"not those of perfect samples: {'; '.join(wrong)}" if wrong else "none rejected"
    return f"All {tested} p-values together, at {LEVEL:.0%} after Holm: {found}."


def _mark(index: int) -> str:
    return MARKS[index] if index < len(MARKS) else f"({index + 1})"
