"""Variants beside each other, at the largest N of each."""

import pytest

from truescore.plots import style
from truescore.study import read_study
from truescore.study.fits import Estimate
from truescore.study.scaling import Point
from truescore.study.side_by_side import PER, Variant, frontier, side_by_side, side_by_side_figure

from .protocol import N_GENERATE, write_cell


@pytest.fixture
def study(tmp_path):
    for dim in (8, 16):
        for n_train in (1000, 10_000):
            for steps in (4, 8, 16):
                for seed in (0, 1):
                    write_cell(tmp_path, dim, n_train, seed, **{"sampler.steps": steps})
    return read_study(tmp_path)


def test_each_variant_stands_once_at_each_dimension_with_its_cost(study):
    variants = side_by_side(study)
    names = [f"sampler.steps={steps}" for steps in (4, 8, 16)]
    assert [(one.dim, one.name) for one in variants] == [(d, n) for d in (8, 16) for n in names]
    for one in variants:
        assert one.n_train == 10_000 and one.points["cov_frobenius"].n_seeds == 2
        # The cells of `protocol` take 12.5 s to train and 3 s to sample.
        assert (one.training, one.sampling) == (12.5, pytest.approx(3 * PER / N_GENERATE))


def test_they_are_compared_at_one_number_of_samples(study):
    write_cell(study.folder, 8, 100_000, 0, **{"sampler.steps": 8})
    at_8 = [one for one in side_by_side(read_study(study.folder)) if one.dim == 8]
    assert [(one.n_train, one.n_seeds) for one in at_8] == [(10_000, 2)] * 3


def test_one_variant_has_nothing_beside_it(tmp_path):
    write_cell(tmp_path, 8, 1000, 0)
    assert side_by_side(read_study(tmp_path)) == []


def test_the_figure_has_a_row_for_each_dimension_and_the_exact_floor(study):
    figure = side_by_side_figure(study, side_by_side(study))
    titles = [ax.get_title(loc="left") or ax.get_title() for ax in figure.axes]
    assert sum("d = 8" in title for title in titles) == 2  # covariance and score: no energies here
    assert sum("d = 16" in title for title in titles) == 2
    lines = figure.axes[0].get_lines()
    assert any(line.get_color() == style.EXACT for line in lines)
    assert len(figure.legends[0].get_texts()) == 4  # three variants and the frontier


def point(square):
    return Point(8, 1000, 100, 1, 0, Estimate(square), 1.0, 0.01)


def variant(name, dim, square, seconds):
    points = {"cov_frobenius": point(square), "score_error": point(square)}
    return Variant(name, dim, 1000, 1, points, 1 / seconds, seconds, 4.0, 2.0)


def test_the_frontier_is_what_no_other_beats_in_both():
    made = [
        variant("cheap", 8, 3.0, 1.0),
        variant("beaten", 8, 3.5, 2.0),
        variant("between", 8, 2.0, 3.0),
        variant("as good and dearer", 8, 2.0, 4.0),
        variant("dear", 8, -0.1, 9.0),
        variant("alone at its size", 16, 99.0, 99.0),
    ]
    found = [one.name for one in frontier(made, "cov_frobenius")]
    assert found == ["cheap", "between", "dear", "alone at its size"]
    # The score costs training, which here is the other way round.
    assert [one.name for one in frontier(made, "score_error")] == ["dear", "alone at its size"]
    assert frontier(made, "energy_per_site") == []
