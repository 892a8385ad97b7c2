"""Pieces of a Markdown page: tables, numbers, intervals."""

import math
from collections.abc import Sequence

import pandas as pd

from truescore.study.fits import Estimate


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; its first column to the left, numbers to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in r) + " |" for r in lines
    )


def number(value: float | None) -> str:
    """Two or three digits; a dash for what is not there."""
    if value is None or pd.isna(value):
        return "-"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def interval(estimate: Estimate) -> str:
    """A value with its interval, if there is one; a lower end alone if the value is infinite."""
    if estimate.low is None or estimate.high is None:
        return number(estimate.value)
    if math.isinf(estimate.low):
        return number(estimate.low)
    if math.isinf(estimate.value):
        return f"> {number(estimate.low)}"
    return f"{number(estimate.value)} [{number(estimate.low)}, {number(estimate.high)}]"


def code(text: str) -> str:
    """Text as it was typed."""
    return f"`{text.replace('`', '')}`"


def plain(text: str) -> str:
    """Text without the marks that Markdown would read."""
    return text.replace("\\", "\\\\").replace("*", "\\*").replace("_", "\\_").replace("`", "\\`")
