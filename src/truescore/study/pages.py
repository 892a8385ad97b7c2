"""The report of a study in words, tables and figures: one Markdown file, one HTML file."""

import base64
import html
from collections.abc import Iterable
from pathlib import Path

from markdown_it import MarkdownIt

from truescore.plots import save
from truescore.study.budgets import STEM, aim_of, budgets, copy_figures, misses
from truescore.study.cells import NOTHING_ELSE, Study, write_cells
from truescore.study.figures import study_figures
from truescore.study.fits import root
from truescore.study.limits import in_short, what_all_tell, what_limits
from truescore.study.markdown import code, interval, plain, table
from truescore.study.reach import beside
from truescore.study.scaling import MOMENTS, SCORE, series
from truescore.study.side_by_side import (
    JUDGED,
    PER,
    Variant,
    frontier,
    natural,
    side_by_side,
    side_by_side_figure,
)
from truescore.study.tables import REACH, earlier_study, fitted_laws, numbers

CAPTIONS = {
    "error_against_n": "The model's own error against the number of training samples N. A hollow"
    " triangle: n_generate perfect samples explain the error, its 95% interval ends there, or below"
    " where the triangle lies on the axis. A bar that reaches an edge goes on beyond it.",
    "efficiency": "How many of its N training samples a model is worth: 1 is a model that knows"
    " its law as well as the moments of N exact samples do, more is better. A bar that reaches an"
    " edge goes on beyond it.",
    "error_against_d": "The same errors against the dimension, at each N.",
    "score_error_against_n": "Error of the score against N, with the theory's slope.",
    "excess_loss_against_n": "The training loss above that of the exact score, on held-out samples,"
    " by paired noise. A bar that goes on below the axis: not told from 0. A hollow triangle:"
    " the estimate is below it, too, and the 95% interval ends there or, on the axis, below.",
    "score_error_over_snr": "At which noise levels and times the score is wrong; mean over seeds.",
}
SIDE_BY_SIDE = "side_by_side"
LABELS = {**{name: label.split(",")[0] for name, label in JUDGED.items()}, SCORE: "score"}
HOW = """\
- **N** (`n_train`) is the number of training samples, **n_generate** that of the samples which each
  run was judged by. The *floor of N* is the root mean square error of the moments of N exact
  samples; the *floor of n_generate* that of a perfect model's samples. They are never the same
  thing: more n_generate sees more, more N teaches more.
- **own error**: sign(u) sqrt|u|, u the mean over seeds of value² - floor², with Student's 95%
  interval over seeds. *One seed*: the interval of its samples alone, which knows nothing of other
  training sets.
- **fits**: E value² = floor² + a² (N/N₀)^(-2s) + b² on the squares of single runs, by the gamma
  quasi-likelihood, with profile intervals. No logarithm of data is taken, and no cell at its floor
  is left out. b is fitted from four values of N on, else it is 0.
- **reach / correlation length**: sites to either side that the network's answer depends on (of a
  network beside a skip law or waves, its convolutions), and the distance at which the law's exact
  correlations have fallen to 1/e; ∞ if they do not within the chain. A network that sees less than
  the law's length has a part that no N mends.
- **efficiency**: floor of N² / own error², both in squares. Where every network is odd, as those of
  rings and chains without fields are, the mean is exact by construction: it has no efficiency, and
  what the samples show of it is their own noise, the same at every N for one seed."""
SHORT = (
    "*data*: more N helps. *A fixed part*: it does not, network, training or steps do (of a score"
    " error network or training); which, a budget says, below or by its command. *n_generate*: the"
    " judged samples show no error, more of them might. *Not told*: more seeds, or a wider grid of"
    " N, would. The table is of the fit over all N; the lines below begin with the largest N alone,"
    " whose samples may show nothing."
)
STYLE = """\
body{max-width:66rem;margin:2rem auto;padding:0 1rem;color:#202124}
body{font:16px/1.5 system-ui,sans-serif}
table{border-collapse:collapse;margin:1rem 0;font-size:14px;display:block;overflow-x:auto}
th,td{border-bottom:1px solid #dadce0;padding:.25rem .6rem;text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}
img{max-width:100%}em{color:#5f6368}code{font-size:90%}"""


def write_report(study: Study, folder: Path) -> list[Path]:
    """Write table, figures and pages of a study into an existing folder.

    Args:
        study: what a sweep told so far.
        folder: gets ``cells.csv``, ``cells.parquet`` where pyarrow is, each figure as ``.png`` and
            ``.pdf``, ``report.md`` and ``report.html``, which needs no other file.

    Returns:
        The files written, the pages last.
    """
    files = write_cells(study.cells, folder)
    for stem in (*CAPTIONS, SIDE_BY_SIDE, STEM):  # an earlier report's, which this one may not have
        for file in folder.glob(f"{stem}*.p[nd][gf]"):
            file.unlink()
    variants = sorted(study.cells["variant"].unique(), key=natural)
    parts = [_head(study)]
    if compared := side_by_side(study):
        parts += _side_by_side(study, compared, folder, files)
    for place, variant in enumerate(variants, start=1):
        suffix = f"_{place}" if len(variants) > 1 else ""
        if variant != NOTHING_ELSE:
            parts.append(f"# With {code(variant)}")
        parts += _sections(study, variant, folder, suffix, files)
    parts += ["## How to read this", HOW, "## Cells", *_cells(study)]
    text = "\n\n".join(parts) + "\n"
    pages = folder / "report.md", folder / "report.html"
    pages[0].write_text(text, encoding="utf-8")
    pages[1].write_text(self_contained(text, folder, study.folder.name), encoding="utf-8")
    return [*files, *pages]


def self_contained(text: str, folder: Path, title: str) -> str:
    """HTML of a Markdown page with the PNG files it shows written into it."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    for file in folder.glob("*.png"):
        data = base64.b64encode(file.read_bytes()).decode("ascii")
        body = body.replace(f'src="{file.name}"', f'src="data:image/png;base64,{data}"')
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>\n<body>\n{body}</body>"
        "</html>\n"
    )


def _head(study: Study) -> str:
    total = study.n_finished + len(study.missing) + sum(_unfinished(study))
    lines = [
        f"# {study.folder.name}",
        f"Law: `{study.law}`. {study.n_finished} of {total} cells finished"
        + (f", {len(study.failed)} failed" if study.failed else "")
        + (f", {len(study.missing)} missing" if study.missing else "")
        + (": what follows is of the finished ones. " if study.failed or study.missing else ". ")
        + "All cells and metrics: `cells.csv`.",
    ]
    return "\n\n".join(lines)


def _side_by_side(
    study: Study, compared: list[Variant], folder: Path, files: list[Path]
) -> Iterable[str]:
    yield "# Side by side"
    head = [
        "variant",
        "d",
        "N",
        "seeds",
        *JUDGED.values(),
        "score error",
        "training, s",
        f"{PER:,} samples, s",
        "frontier",
        REACH,
    ]
    best = {name: frontier(compared, name) for name in (*JUDGED, SCORE)}
    rows = []
    for one in compared:
        own = [one.points[name].square if name in one.points else None for name in JUDGED]
        score = one.points.get(SCORE)
        row = [code(one.name), str(one.dim), f"{one.n_train:,}", str(one.n_seeds)]
        row += ["-" if square is None else interval(root(square)) for square in own]
        row += ["-" if score is None else interval(score.square), f"{one.training:.0f}"]
        on = [LABELS[name] for name, ahead in best.items() if one in ahead]
        row += [f"{one.sampling:.2g}", ", ".join(on) or "-"]
        rows.append([*row, beside(one.reach, one.correlation_length)])
    yield table(head, rows)
    figure = side_by_side_figure(study, compared)
    files += [save(figure, folder / f"{SIDE_BY_SIDE}.{kind}") for kind in ("png", "pdf")]
    yield f"![side by side]({SIDE_BY_SIDE}.png)"
    yield (
        "*The model's own errors against what they cost, at the largest N that most variants have;"
        " dash-dotted: the floor of n_generate; dashed, and named in the table: the frontier, which"
        " no other variant beats in both error and time, by their estimates. Intervals over several"
        " seeds are Student's, of one seed that of its samples. Times are of the machine and the"
        " hour: compare cells run alike.*"
    )


def _unfinished(study: Study) -> list[bool]:
    finished = set(study.cells["cell"])
    return [name not in finished for name in study.failed]


def _sections(
    study: Study, variant: str, folder: Path, suffix: str, files: list[Path]
) -> Iterable[str]:
    found = {
        name: series(study, variant, name, "n_train")
        for name in (*MOMENTS, SCORE)
        if name in set(study.cells["metric"])
    }
    yield "## What limits the model"
    if short := in_short(study, found):
        yield short
        yield SHORT
    lines = [*what_limits(study, found), *what_all_tell(study, variant, found)]
    yield "\n".join(f"- {line}" for line in lines)
    yield "## Numbers"
    yield numbers(study, variant, found)
    yield "## Fitted laws"
    yield fitted_laws(study, variant, found)
    if beside := earlier_study(study, variant):
        yield "## Beside an earlier study"
        yield beside
    yield "## What makes the error of single cells"
    yield from _budgets(study, variant, folder, files)
    yield "## Figures"
    for name, figure in study_figures(study, variant).items():
        stem = f"{name}{suffix}"
        files += [save(figure, folder / f"{stem}.png"), save(figure, folder / f"{stem}.pdf")]
        yield f"![{name.replace('_', ' ')}]({stem}.png)"
        yield f"*{CAPTIONS[name]}*"


def _budgets(study: Study, variant: str, folder: Path, files: list[Path]) -> Iterable[str]:
    """The sizes that fall short with what says why, then every budget that was measured."""
    found, aim = budgets(study, variant), aim_of(study)
    up_to = "" if aim.most_n_train is None else f" up to N = {aim.most_n_train:,}"
    asked = f"a covariance worth {aim.efficiency:g} times the data{up_to}"
    short = misses(study, variant)
    yield (
        f"Sizes below {asked}, by the estimate of their efficiency, which stands behind them:"
        if short
        else f"No size is below {asked}."
    )
    lines = []
    # The exact score of reals takes minutes for as many as spins' budgets draw, and shows as much.
    few = " n_generate=1000" if study.state_space == "real" else ""
    for miss in short:
        told = [cell for cell in miss.cells if cell in found]
        run = study.folder / miss.cells[0]
        why = (
            f"budget below: {', '.join(map(code, told))}"
            if told
            else "no budget yet, this measures that of its worst run:"
            f" {code(f'python scripts/budget.py run={run}{few}')}"
        )
        size = f"d = {miss.dim}, N = {miss.n_train:,}"
        lines.append(f"- **{size}**: {interval(miss.efficiency)}; {why}")
    if lines:
        yield "\n".join(lines)
    for cell, budget in found.items():
        figures = copy_figures(cell, budget, folder)
        files += figures
        yield f"### Budget of {code(cell)}"
        yield f"![budget of {budget.name}]({figures[0].name})"
        yield "\n".join(f"- {plain(line)}" for line in budget.words)
    if found:
        yield (
            "*Size of what each cause adds, by paired differences; dotted: the floor of the"
            " budget's own samples; no bar: the estimate is below 0, or thinner than a line. Of"
            " vectors and matrices parts that have nothing to do with each other add in squares,"
            " those that push the same way plainly: the list gives both sums beside the size of all"
            " parts together.*"
        )


def _cells(study: Study) -> Iterable[str]:
    if study.failed:
        yield "Failed; to leave one out of the report, delete its folder:"
        yield "\n".join(f"- {code(n)}: {plain(why)}" for n, why in study.failed.items())
    if study.missing:
        yield "Missing, the sweep's own command runs them:"
        yield "\n".join(f"- {code(name)}" for name in study.missing)
    if not study.failed and not study.missing:
        yield "None failed, none missing."
