"""Variants beside each other, at the largest N of each."""

import pytest

from truescore.plots import style
from truescore.study import read_study
from truescore.study.side_by_side import PER, side_by_side, side_by_side_figure

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
    assert len(figure.legends[0].get_texts()) == 3
