"""Figures of dynamics show what they were given."""

from functools import cache

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from truescore import plots
from truescore.errors import UserError
from truescore.plots.snapshots import MASSES, mass_levels

GENERATOR = np.random.default_rng(0)
TIMES = np.linspace(0, 2, 11)
PATHS = np.cumsum(GENERATOR.normal(size=(11, 200)), 0)
AXIS = np.linspace(-5, 5, 201)
DENSITY = np.exp(-(AXIS[:, None] ** 2 + AXIS**2) / 2) / (2 * np.pi)
CLOUDS = GENERATOR.normal(size=(3, 50, 2))
COVARIANCE = np.array([[1.0, -0.7], [-0.7, 1.0]])
FAMILIES = {d: {theta: PATHS[:, :2] * d for theta in (0.5, 1.0)} for d in (1.0, 2.0)}


def cloud_arguments():
    return (TIMES[:3], CLOUDS, AXIS, AXIS, np.stack([DENSITY] * 3))


def drawn_snapshots():
    return plots.snapshots(*cloud_arguments(), title="to the wells")


@cache
def figures():
    tau = np.linspace(0.1, 1.1, 20)
    best = (0.25, 0.09)
    curve = {"steps": 20, "best": best, "used": (0.5, 0.2), "limit": 1.2}
    return {
        "brownian": plots.brownian_paths(TIMES, PATHS, 1.5),
        "families": plots.ou_families(TIMES, FAMILIES),
        "snapshots": drawn_snapshots(),
        "beside": plots.chain_beside_direct(*CLOUDS[:2], COVARIANCE, COVARIANCE, "alike"),
        "wasserstein": plots.wasserstein_against_step(tau, tau + 1, tau, **curve),
    }


@pytest.mark.parametrize("name", ["brownian", "families", "snapshots", "beside", "wasserstein"])
def test_every_figure_is_saved(name, tmp_path):
    path = plots.save(figures()[name], tmp_path / "figure.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_levels_hold_their_mass():
    """Outside radius r a round Gaussian has exp(-r^2/2), and there its density is that / 2 pi."""
    exact = [(1 - mass) / (2 * np.pi) for mass in MASSES]
    np.testing.assert_allclose(mass_levels(DENSITY), exact, rtol=0.02)
    flat = mass_levels(np.ones((4, 4)))
    assert flat == sorted(set(flat))


def test_the_envelope_is_the_square_root_of_time():
    left, right = figures()["brownian"].axes
    one = next(line for line in left.get_lines() if "sigma" in str(line.get_label()))
    np.testing.assert_allclose(one.get_ydata(), 1.5 * np.sqrt(TIMES))
    spread = next(line for line in left.get_lines() if line.get_label() == "measured spread")
    np.testing.assert_allclose(spread.get_ydata(), PATHS.std(1))
    (density,) = right.get_lines()
    x, y = np.asarray(density.get_xdata()), np.asarray(density.get_ydata())
    assert np.trapezoid(x, y) == pytest.approx(1, abs=1e-3)
    assert x.max() == pytest.approx(1 / (np.sqrt(2 * np.pi) * 1.5 * np.sqrt(2)), rel=1e-3)


def test_families_stand_over_both_times():
    clock, scaled = figures()["families"].axes[:2]
    slow = np.asarray(clock.get_lines()[0].get_xdata())
    np.testing.assert_allclose(slow, TIMES / 0.5)
    for line in scaled.get_lines():
        np.testing.assert_allclose(line.get_xdata(), TIMES)
    assert "0.707" not in clock.get_title(loc="left")
    assert clock.get_title(loc="left").endswith("1, 1.41")


def test_snapshots_show_their_points_and_times():
    axes = figures()["snapshots"].axes
    assert [ax.get_title(loc="left") for ax in axes] == ["$t$ = 0", "$t$ = 0.2", "$t$ = 0.4"]
    assert figures()["snapshots"].get_suptitle() == "to the wells"
    for ax, cloud in zip(axes, CLOUDS, strict=True):
        points = ax.collections[-1]
        np.testing.assert_allclose(points.get_offsets(), cloud)
        assert to_hex(points.get_facecolor()[0]).upper() == plots.GENERATED


def test_the_animation_runs_through_all_times(tmp_path):
    path = plots.animate(tmp_path / "deep" / "motion.gif", *cloud_arguments(), title="all")
    assert [item.name for item in path.parent.iterdir()] == ["motion.gif"]
    with Image.open(path) as gif:
        durations = []
        for frame in range(gif.n_frames):
            gif.seek(frame)
            durations.append(gif.info["duration"])
    # Three frames of a tenth of a second, and the last stands for a second more.
    assert len(durations) >= 3 and sum(durations) == 1300


def test_the_ellipse_holds_95_percent():
    ax = figures()["beside"].axes[1]
    (ellipse,) = ax.patches
    x = np.random.default_rng(1).multivariate_normal([0, 0], COVARIANCE, 20_000)
    inside = ellipse.get_path().contains_points(x, ellipse.get_patch_transform())
    # Six standard errors.
    assert inside.mean() == pytest.approx(0.95, abs=0.0093)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.brownian_paths(TIMES, PATHS[1:], 1), "paths: got shape (10, 200)"),
        (lambda: plots.ou_families(TIMES[1:], FAMILIES), "paths at D=1, theta=0.5: got shape"),
        (
            lambda: plots.snapshots(TIMES, *cloud_arguments()[1:], title=""),
            "points: got shape (3, 50, 2)",
        ),
        (
            lambda: plots.animate("a.mp4", *cloud_arguments(), title=""),
            "animation path: got 'a.mp4'",
        ),
        (
            lambda: plots.chain_beside_direct(PATHS, PATHS, COVARIANCE, COVARIANCE, ""),
            "chain: got shape (11, 200)",
        ),
    ],
)
def test_wrong_input_is_one_clear_line(call, message):
    with pytest.raises(UserError) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
