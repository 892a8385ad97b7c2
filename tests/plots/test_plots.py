"""What a figure shows is what it was given, in the house's colours."""

import subprocess
import sys
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from truescore import plots
from truescore.plots.marginal import wilson_interval

DIM = 8
GENERATOR = np.random.default_rng(0)
SPINS = GENERATOR.choice([-1, 1], (200, DIM))
REALS = GENERATOR.normal(size=(200, DIM))
LEVELS = np.linspace(-4, 4, 5)
R = np.arange(5)
EXACT = 0.5**R
VALUES = EXACT + np.array([0, 0.01, -0.02, -0.2, 0.03])


def two_point_arguments() -> dict[str, Any]:
    """Arguments of ``two_point``, one generated value negative."""
    interval = np.stack([VALUES - 0.05, VALUES + 0.05])
    return {"r": R, "exact": EXACT, "generated": VALUES, "interval": interval, "data": EXACT * 0.9}


def score_arguments() -> dict[str, Any]:
    """Arguments of ``score_error_curve``."""
    return {
        "log_snr": LEVELS,
        "error": np.full(5, 0.1),
        "standard_error": np.full(5, 0.01),
        "baselines": {"independent spins": np.full(5, 0.5)},
        "state_space": "spin",
    }


def verdict_arguments() -> dict[str, Any]:
    """Arguments of ``verdicts``: one metric at the floor, one above, one below the axis."""
    return {
        "names": ["mean", "covariance", "energy"],
        "ratio": [0.9, 3.0, 0.01],
        "band": [[0.7, 0.8, 0.0], [1.3, 1.2, 2.0]],
        "verdict": ["at floor", "3 x floor", "at floor"],
        "baselines": {"Gaussian fit": [1, 1, 20], plots.TRAINING_DATA: [1, np.nan, 1]},
    }


def triptych() -> Figure:
    """Covariances whose difference is not centred."""
    exact = np.eye(DIM)
    generated = exact.copy()
    generated[0, 0] = 1.3
    return plots.covariance_triptych(generated, exact, 0.2)


def covariance_row() -> Figure:
    """A covariance that is off by 0.3 in one entry, beside the exact one."""
    exact = np.eye(DIM)
    other = exact.copy()
    other[0, 0] = 1.3
    return plots.covariance_row({"generated": other, "uniform control": exact}, exact)


def eigenmodes() -> Figure:
    """Four modes, the second above the band and the last below it."""
    error = np.array([0.0, 0.3, -0.02, -0.2])
    return plots.eigenmodes(error, error + [[-0.1], [0.1]], [[-0.05] * 4, [0.06] * 4])


@cache
def all_figures() -> dict[str, Figure]:
    """Every figure, from small arrays."""
    grid = np.linspace(-4, 4, 81)
    density = np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi)
    samples = {"generated": SPINS, "exact": -SPINS, "state_space": "spin"}
    return {
        "spins": plots.samples_beside(**samples),
        "reals": plots.samples_beside(REALS, -REALS, "real"),
        "marginals": plots.marginals(REALS, [0, 7], grid, np.stack([density, density])),
        "spin_marginals": plots.spin_marginals(SPINS, np.full(DIM, 0.5)),
        "mean": plots.mean_profile(REALS.mean(0), np.full(DIM, 0.07), np.zeros(DIM)),
        "covariance": triptych(),
        "covariances": covariance_row(),
        "forward": plots.forward_spins([0.1, 0.5, 1], np.stack([SPINS, -SPINS, SPINS])),
        "eigenmodes": eigenmodes(),
        "two_point": plots.two_point(**two_point_arguments()),
        "score": plots.score_error_curve(**score_arguments()),
        "losses": plots.loss_curves(np.arange(50), np.linspace(2, 1, 50), [10, 20], [1.5, 1.4], 20),
        "verdicts": plots.verdicts(**verdict_arguments()),
        "summary": plots.summary_panel(
            "a ring",
            samples=samples,
            two_point=two_point_arguments(),
            score_error=score_arguments(),
            verdicts=verdict_arguments(),
        ),
    }


def line(ax: Axes, label: str) -> Line2D:
    """The line of that label; an error bar's label stands on its container."""
    for container in ax.containers:
        if container.get_label() == label:
            return container[0]
    return next(item for item in ax.get_lines() if item.get_label() == label)


def legend_of(ax: Axes) -> list[str]:
    """The legend's entries."""
    legend = ax.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("name", list(all_figures()))
def test_every_figure_is_saved_whole(name: str, tmp_path: Any) -> None:
    """Each figure draws without a warning and leaves one PNG and nothing else."""
    figure = all_figures()[name]
    path = plots.save(figure, tmp_path / "deep" / "figure.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [item.name for item in path.parent.iterdir()] == ["figure.png"]


def test_equal_figures_are_equal_files(tmp_path: Any) -> None:
    """A figure's bytes depend on its arrays alone."""
    for kind in ("png", "pdf"):
        first, second = (plots.save(triptych(), tmp_path / f"{i}.{kind}") for i in range(2))
        assert first.read_bytes() == second.read_bytes()


def test_the_exact_law_is_black_and_the_generated_one_blue_everywhere() -> None:
    """One law, one colour, in every figure that draws lines of both."""
    seen = set()
    for name, figure in all_figures().items():
        for ax in figure.axes:
            for item in [*ax.get_lines(), *ax.containers]:
                label = str(item.get_label())
                drawn = item if isinstance(item, Line2D) else item[0]
                if not isinstance(drawn, Line2D):
                    continue
                colour = to_hex(drawn.get_color()).upper()
                if label.startswith(("exact", "floor")):
                    assert colour == plots.EXACT
                    seen.add(name)
                elif label.startswith(("generated", "model")):
                    assert colour == plots.GENERATED
                elif label == "training data" and name == "two_point":
                    assert colour == plots.DATA
    assert seen >= {"marginals", "spin_marginals", "mean", "two_point", "verdicts", "summary"}


def test_line_data_are_the_inputs() -> None:
    """Nothing is smoothed, sorted wrongly or rescaled on the way to the page."""
    mean = plots.mean_profile(REALS.mean(0), np.full(DIM, 0.1), np.zeros(DIM)).axes[0]
    np.testing.assert_array_equal(line(mean, "exact").get_ydata(), np.zeros(DIM))
    drawn = line(mean, "generated, 95% interval")
    np.testing.assert_array_equal(drawn.get_xdata(), np.arange(1, DIM + 1))
    np.testing.assert_array_equal(drawn.get_ydata(), REALS.mean(0))
    arguments = score_arguments()
    shuffled = GENERATOR.permutation(5)
    error = np.arange(1.0, 6.0)
    arguments |= {"log_snr": LEVELS[shuffled], "error": error[shuffled]}
    score = plots.score_error_curve(**arguments).axes[0]
    np.testing.assert_array_equal(line(score, "model, 95% interval").get_xdata(), LEVELS)
    np.testing.assert_array_equal(line(score, "model, 95% interval").get_ydata(), error)
    assert score.get_yscale() == "log"
    assert "nats per site" in score.get_ylabel()


def test_mean_intervals_are_95_percent() -> None:
    """Error bars reach 1.96 standard errors either way."""
    ax = plots.mean_profile(np.zeros(DIM), np.full(DIM, 0.5), np.zeros(DIM)).axes[0]
    segments = ax.containers[0][2][0].get_segments()
    np.testing.assert_allclose(segments[0][:, 1], [-0.98, 0.98], atol=1e-3)


def test_spins_are_a_raster_and_reals_lines_that_start_and_end_on_the_walls() -> None:
    """Samples are shown as they are, in their order, to one scale."""
    left, right = plots.samples_beside(SPINS, -SPINS, "spin", n_show=12).axes
    np.testing.assert_array_equal(np.asarray(left.images[0].get_array()), SPINS[:12])
    np.testing.assert_array_equal(np.asarray(right.images[0].get_array()), -SPINS[:12])
    left, right = plots.samples_beside(REALS, 2 * REALS, "real", n_show=3).axes
    assert left.get_ylim() == right.get_ylim()
    chains = [item for item in left.get_lines() if len(np.asarray(item.get_xdata())) == DIM + 2]
    assert len(chains) == 3
    for chain, sample in zip(chains, REALS, strict=False):
        np.testing.assert_array_equal(chain.get_ydata(), [0, *sample, 0])
    free = plots.samples_beside(REALS, REALS, "real", n_show=3, walls=False).axes[0]
    assert sum(len(np.asarray(item.get_xdata())) == DIM for item in free.get_lines()) == 3


def test_covariances_share_a_scale_and_the_difference_is_centred_at_zero() -> None:
    """Zero is the middle of the diverging map; the title carries norm and floor."""
    left, centre, right = [ax for ax in triptych().axes if ax.images]
    assert left.images[0].get_clim() == centre.images[0].get_clim() == (0, 1.3)
    np.testing.assert_allclose(right.images[0].get_clim(), (-0.3, 0.3))
    assert right.get_title(loc="left") == "difference\nFrobenius norm 0.3 (floor 0.2)"
    equal = plots.covariance_triptych(np.eye(3), np.eye(3), 0.1)
    low, high = equal.axes[2].images[0].get_clim()
    assert low == -high < 0


def test_two_point_keeps_what_a_log_axis_cannot_show() -> None:
    """Values that are not positive become open triangles on the edge; the rest stays in place."""
    linear, semilog = plots.two_point(**two_point_arguments()).axes
    assert semilog.get_yscale() == "log"
    np.testing.assert_array_equal(line(linear, "generated, 95% interval").get_ydata(), VALUES)
    drawn = line(semilog, "generated, 95% interval").get_ydata()
    np.testing.assert_array_equal(drawn, np.where(VALUES > 0, VALUES, np.nan))
    triangles = [item for item in semilog.get_lines() if item.get_marker() == "v"]
    assert [list(np.asarray(item.get_xdata())) for item in triangles] == [[3]]
    assert legend_of(linear) == ["exact", "training data", "generated, 95% interval"]


def test_two_point_follows_the_sign_of_an_alternating_law() -> None:
    """An antiferromagnet's correlations stand on the log axis as their sizes."""
    sign = (-1.0) ** R
    interval = np.stack([EXACT * sign - 0.01, EXACT * sign + 0.01])
    semilog = plots.two_point(R, EXACT * sign, EXACT * sign, interval).axes[1]
    np.testing.assert_array_equal(line(semilog, "exact").get_ydata(), EXACT)
    np.testing.assert_array_equal(line(semilog, "generated, 95% interval").get_ydata(), EXACT)
    assert "sign of the exact" in semilog.get_ylabel()


def test_the_histogram_is_a_density() -> None:
    """A bin's height times its width is the share of samples in it."""
    grid = np.linspace(-3, 3, 50)
    ax = plots.marginals(REALS, [2], grid, [np.exp(-(grid**2) / 2)]).axes[0]
    height, edges, _ = ax.patches[0].get_data()  # type: ignore[attr-defined]
    assert np.sum(height * np.diff(edges)) == pytest.approx(1)
    assert ax.get_title(loc="left") == "site 3"
    np.testing.assert_array_equal(line(ax, "exact density").get_xdata(), grid)


def test_the_training_data_are_a_density_in_the_same_bins() -> None:
    grid = np.linspace(-3, 3, 50)
    data = 0.9 * REALS[:20]
    ax = plots.marginals(REALS, [2], grid, [np.exp(-(grid**2) / 2)], data).axes[0]
    generated, learned = ax.patches
    assert learned.get_label() == "training data"
    height, edges, _ = learned.get_data()  # type: ignore[attr-defined]
    np.testing.assert_array_equal(edges, generated.get_data()[1])  # type: ignore[attr-defined]
    inside = (data[:, 2] >= edges[0]) & (data[:, 2] <= edges[-1])
    assert np.sum(height * np.diff(edges)) == pytest.approx(inside.mean())


def test_wilson_interval() -> None:
    """Against the closed form at 0 of 100, and the textbook's 8 of 10."""
    lower, upper = wilson_interval(np.array([0.0]), 100)
    assert lower[0] == 0
    assert upper[0] == pytest.approx(1.96**2 / (100 + 1.96**2), rel=1e-4)
    lower, upper = wilson_interval(np.array([8.0]), 10)
    assert (lower[0], upper[0]) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_verdicts() -> None:
    """Dots stand at value over floor, what is off the axis as an arrow, and texts say it."""
    ax = plots.verdicts(**verdict_arguments()).axes[0]
    np.testing.assert_array_equal(line(ax, "generated").get_xdata(), [0.9, 3.0, np.nan])
    arrow = np.asarray(line(ax, "_off the axis").get_xdata())
    assert np.isnan(arrow[:2]).all() and ax.get_xlim()[0] < arrow[2] < 0.12
    bars = [patch.get_path().get_extents(patch.get_patch_transform()) for patch in ax.patches]
    np.testing.assert_allclose([bar.x1 for bar in bars], [1.3, 1.2, 2.0])
    assert bars[0].x0 == 0.7
    assert [text.get_text() for text in ax.texts] == verdict_arguments()["verdict"]
    assert [text.get_fontweight() for text in ax.texts] == ["normal", "bold", "normal"]
    entries = {"generated", "95% of perfect sample sets", "floor (perfect, RMS)", "Gaussian fit"}
    assert set(legend_of(ax)) == entries | {plots.TRAINING_DATA}
    assert ax.get_xscale() == "log"
    assert to_hex(line(ax, plots.TRAINING_DATA).get_markeredgecolor()).upper() == plots.DATA


def test_a_baseline_keeps_its_look_from_figure_to_figure() -> None:
    """Same order, same colour and marker; training data stand outside the order."""
    score = plots.score_error_curve(**score_arguments()).axes[0]
    arguments = verdict_arguments()
    arguments["baselines"] = {plots.TRAINING_DATA: [1, 1, 1], "independent spins": [1, 2, 3]}
    dots = plots.verdicts(**arguments).axes[0]
    first, second = line(score, "independent spins"), line(dots, "independent spins")
    assert first.get_marker() == second.get_marker()
    assert first.get_color() == second.get_markeredgecolor()


def test_losses_name_the_kept_weights_and_leave_out_what_is_missing() -> None:
    """The star stands on the validation of the weights that were kept; NaN does not spread."""
    train = np.linspace(2, 1, 100)
    train[50] = np.nan
    ax = plots.loss_curves(np.arange(100), train, [10, 20, 30], [1.5, 1.2, 1.4], 30).axes[0]
    assert "kept: 1.4 after 30 steps" in legend_of(ax)
    smooth = np.asarray(line(ax, "training (running mean, from 2)").get_ydata())
    assert np.isfinite(smooth).all()
    np.testing.assert_allclose(smooth[1:40], train[1:40])


def test_losses_show_where_the_exact_score_would_be() -> None:
    """A level at the kept loss less its excess, within the picture, with its interval."""
    losses = np.arange(40), np.ones(40), [10, 20], [1.0, 0.9]
    ax = plots.loss_curves(*losses, 20, excess=(0.3, 0.2, 0.4)).axes[0]
    label = "of the exact score: 0.6 (band: 95%)"
    np.testing.assert_allclose(np.asarray(line(ax, label).get_ydata()), 0.6)
    assert ax.get_ylim()[0] < 0.6
    (band,) = ax.patches
    low, high = band.get_extents().transformed(ax.transData.inverted()).intervaly
    np.testing.assert_allclose([low, high], [0.5, 0.7])


def test_losses_at_different_times_say_so() -> None:
    """Of stored trajectories the two curves are averages over different times."""
    losses = np.arange(4), np.ones(4), [3], [0.5]
    legend = legend_of(plots.loss_curves(*losses, 3, stored_times=True).axes[0])
    assert "training, uniform t (running mean, from 1)" in legend
    assert "held-out data, the loss's t" in legend


def test_plots_need_neither_torch_nor_pyplot() -> None:
    """Figures are made of arrays, on no backend."""
    code = (
        "import sys, truescore.plots;"
        "absent = {'torch', 'matplotlib.pyplot', 'truescore.targets'};"
        "print(sorted(absent & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr


def test_modes_outside_their_band_are_counted_and_set_off() -> None:
    """Two of four, each a mode's width from the next."""
    ax = eigenmodes().axes[0]
    assert (ax.get_xscale(), ax.get_xlim()) == ("linear", (0.5, 4.5))
    label = "outside the band: 2 of 4, by chance 0.2"
    assert label in legend_of(ax)
    np.testing.assert_array_equal(line(ax, label).get_xdata(), [2, 4])
    np.testing.assert_allclose(
        line(ax, "generated, 95% interval").get_ydata(), [0, 0.3, -0.02, -0.2]
    )
    low, high = ax.get_ylim()
    assert low < -0.3 and high > 0.4


def test_a_single_mode_has_a_band_of_some_width() -> None:
    """A law on the line has one mode."""
    ax = plots.eigenmodes([0.1], [[0.0], [0.2]], [[-0.1], [0.1]]).axes[0]
    assert ax.get_xlim()[0] < 1 < ax.get_xlim()[1]


def test_one_noise_level_is_not_spread_over_the_axis():
    level = 9.21 + np.array([0.0, 0.002])
    (ax,) = plots.score_error_curve(level, [0.9, 0.9], [0.1, 0.1], {}, "real").axes
    assert np.ptp(ax.get_xlim()) == pytest.approx(2)


def test_covariances_share_a_scale_and_say_how_far_off_they_are() -> None:
    """The title of each gives the Frobenius norm of its difference from the exact one."""
    figure = covariance_row()
    images = [ax.images[0] for ax in figure.axes if ax.images]
    assert {image.get_clim() for image in images} == {(0.0, 1.3)}
    titles = [ax.get_title(loc="left") for ax in figure.axes if ax.images]
    assert titles == ["generated\noff by 0.3", "uniform control\noff by 0", "exact\n"]


def test_the_forward_process_is_shown_in_the_order_of_its_times() -> None:
    """Each panel holds the first samples at its time."""
    spins = np.stack([SPINS, -SPINS])
    first, second = plots.forward_spins([0.1, 1.0], spins, n_show=5).axes
    assert [ax.get_title(loc="left") for ax in (first, second)] == ["$t$ = 0.1", "$t$ = 1"]
    np.testing.assert_array_equal(first.images[0].get_array(), SPINS[:5])
    np.testing.assert_array_equal(second.images[0].get_array(), -SPINS[:5])


def test_states_are_a_raster_and_their_frequencies_stand_beside_the_exact_ones() -> None:
    states = np.tile([[0, 1, 2, 2], [0, 2, 2, 1]], (50, 1))
    figure = plots.samples_beside(states, states, "categorical")
    image = figure.axes[0].images[0]
    assert np.array_equal(image.get_array(), states[:32]) and image.get_clim() == (0, 2)
    exact = np.full((4, 3), 1 / 3)
    (ax,) = plots.state_marginals(states, exact).axes
    shares = [container.lines[0].get_ydata() for container in ax.containers]
    assert np.allclose(shares, [(states == a).mean(0) for a in range(3)])
    assert legend_of(ax) == ["state 0", "state 1", "state 2"]


def test_a_log_axis_ends_where_noise_hides_the_law():
    """A ring of 1,024 spins: its correlations fall to 1e-17, its samples show them to 1e-3."""
    r = np.arange(1, 513)
    exact, noise = 0.76**r, 1e-3
    _, log = plots.two_point(r, exact, exact, np.stack([exact - noise, exact + noise])).axes
    low, _ = log.get_ylim()
    shown = log.get_lines()[-1].get_xdata()
    assert noise / 100 < low < noise
    assert exact[int(np.max(shown)) - 1] > low > exact[int(np.max(shown))]


def test_of_two_equal_baselines_both_are_seen():
    arguments = ["energy"], [1.0], [[0.5], [2.0]], ["at floor"]
    (ax,) = plots.verdicts(*arguments, {"one": [3.0], "other": [3.0]}).axes
    heights = [line.get_ydata()[0] for line in ax.lines if line.get_label() in ("one", "other")]
    assert heights[0] != heights[1]
