"""One wide figure that says what a run has reached."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure, SubFigure

from truescore.plots import style
from truescore.plots.correlations import draw_two_point
from truescore.plots.density import line_panels, plane_panels
from truescore.plots.samples import draw_pair
from truescore.plots.score_error import draw_score_error
from truescore.plots.verdict import draw_verdicts


def summary_panel(
    title: str,
    *,
    samples: Mapping[str, Any],
    two_point: Mapping[str, Any],
    score_error: Mapping[str, Any],
    verdicts: Mapping[str, Any],
) -> Figure:
    """Show samples, two-point function, score error and verdicts in one figure.

    Args:
        title: What was trained on which law.
        samples: Arguments of ``samples_beside``, by name.
        two_point: Arguments of ``two_point``.
        score_error: Arguments of ``score_error_curve``.
        verdicts: Arguments of ``verdicts``.
    """
    figure, upper, lower = _halves(title, 7.6, [1, 1.2])
    left, centre, right = upper.subplots(1, 3, width_ratios=[1, 1, 1.15])
    draw_pair((left, centre), **samples)
    draw_two_point(right, **two_point, semilog=samples["state_space"] == "spin")
    title, _, symbol = two_point.get("label", "two-point function $C(r)$").rpartition(" ")
    right.set_title(title, fontsize=style.TITLE, loc="left")
    right.set_ylabel(symbol)
    style.legend(right)
    _judge(lower, score_error, verdicts)
    return figure


def density_summary(
    title: str,
    *,
    density: Mapping[str, Any],
    score_error: Mapping[str, Any],
    verdicts: Mapping[str, Any],
) -> Figure:
    """Show a law of one or two dimensions, score error and verdicts in one figure.

    Args:
        title: What was trained on which law.
        density: Arguments of ``density_line`` or of ``density_plane``, by name.
        score_error: Arguments of ``score_error_curve``.
        verdicts: Arguments of ``verdicts``.
    """
    figure, upper, lower = _halves(title, 8.6, [1.1, 1])
    panels = line_panels if "grid" in density else plane_panels
    panels(upper, **density)
    _judge(lower, score_error, verdicts)
    return figure


def _halves(title: str, height: float, ratios: list[float]) -> tuple[Figure, SubFigure, SubFigure]:
    figure = style.new_figure(11.6, height)
    figure.suptitle(title, fontsize=style.TITLE + 3, fontweight="bold")
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=ratios).flat
    return figure, upper, lower


def _judge(lower: SubFigure, score_error: Mapping[str, Any], verdicts: Mapping[str, Any]) -> None:
    curve_side, dots_side = lower.subfigures(1, 2, squeeze=False, width_ratios=[1, 1.45]).flat
    curve = curve_side.subplots()
    draw_score_error(curve, **score_error)
    style.legend_above(curve, columns=2)
    dots = dots_side.subplots()
    draw_verdicts(dots, **verdicts)
    style.legend_above(dots)
    for side, text in (
        (curve_side, "how far is the learned score from the exact one?"),
        (dots_side, "how far are the samples from perfect ones?"),
    ):
        side.suptitle(text, fontsize=style.TITLE)
