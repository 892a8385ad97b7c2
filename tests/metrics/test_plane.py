"""The plane: the document's square, the noise levels, and what memory is."""

import math

import pytest
import torch

from truescore.denoisers import oracle
from truescore.denoisers.oracle import RealOracle
from truescore.metrics import score_error_curve
from truescore.metrics.plane import field_levels, look_at_plane, square_around
from truescore.metrics.score_field import START, STRIDE
from truescore.processes import EDM, VariancePreserving
from truescore.targets import CorrelatedGaussian, IsotropicGaussian, KernelMixture, SwissRoll

ROLL, PROCESS = SwissRoll(), VariancePreserving()
ONE_LEVEL = EDM(t_min=0.00999, sigma_max=0.01001)


def draw(n, seed):
    return ROLL.sample(n, torch.Generator().manual_seed(seed))


def exact(process=PROCESS):
    found = oracle(ROLL, process)
    assert isinstance(found, RealOracle)
    return found


def test_the_swiss_rolls_square_and_ascent_are_the_documents():
    """[-1.5, 2]^2, from (1.5, 1.5) in steps of 1e-2."""
    corner, side = square_around(ROLL)
    assert (corner.tolist(), side) == ([-1.5, -1.5], 3.5)
    assert (corner + START * side).tolist() == pytest.approx([1.5, 1.5])
    assert (STRIDE * side) ** 2 == pytest.approx(0.01)


@pytest.mark.parametrize("scale", [0.003, 0.7, 1.0, 19.0, 70.0])
def test_the_square_holds_the_law_on_any_scale(scale):
    law = IsotropicGaussian(2, scale)
    corner, side = square_around(law)
    x = law.sample(1000, torch.Generator().manual_seed(1))
    assert ((x > corner) & (x < corner + side)).all()
    assert side < 12 * scale


def test_levels_run_from_the_least_noise_to_the_scale_of_the_data():
    levels = field_levels(exact())
    assert levels[0] == pytest.approx(math.exp(-float(PROCESS.log_snr(torch.tensor(1e-3))) / 2))
    assert levels[2] == pytest.approx(float(exact().spectrum.mean().sqrt()))
    assert levels[1] == pytest.approx((levels[0] * levels[2]) ** 0.5)
    assert field_levels(exact(ONE_LEVEL)) == [pytest.approx(0.01, rel=1e-6)]
    # A process that ends before the data's scale, and one that starts beyond it.
    assert field_levels(exact(EDM(0.01, 0.1)))[2] == pytest.approx(0.1)
    assert field_levels(exact(EDM(5.0, 9.0))) == [pytest.approx(5.0)]


def test_a_network_that_memorises_is_told_by_both_distances():
    """Memory lies at memory, and as far from the truth as memory does."""
    data, held_out = draw(200, 1), draw(50, 2)
    memory = oracle(KernelMixture(data, 1e-6), PROCESS)
    plane = look_at_plane(exact(), memory, data, held_out, 4)
    learned = score_error_curve(memory, exact(), PROCESS, held_out, 4)
    assert plane.learned_to_memory.error.max() < 1e-4
    torch.testing.assert_close(plane.memory.error, learned.error, rtol=1e-4, atol=1e-4)
    assert plane.memory.error[-1] > 1 > 0.2 > plane.memory.error[0]
    for field in plane.fields:
        told = field.error_by_distance("learned").isfinite()
        gap = field.error_by_distance("learned") - field.error_by_distance("training points")
        assert gap[told].abs().max() < 1e-4


def test_a_perfect_network_is_as_far_from_memory_as_memory_is_from_the_truth():
    data, held_out = draw(200, 1), draw(50, 2)
    plane = look_at_plane(exact(ONE_LEVEL), exact(ONE_LEVEL), data, held_out, 2)
    (field,) = plane.fields
    assert field.relative_error("learned").max() == 0
    assert plane.learned_to_memory.error.min() > 0.5
    # Far out scores are (y - y*)/(b^2 + s^2), y* the nearest point of the roll or of the data, and
    # the data have no blur b = 5 s: their arrows are nearly (5^2 + 1) times as long.
    far = field.error_by_distance("training points")[-1]
    assert 18 < far < 25


def test_densities_are_normalised_and_blurred():
    plane = look_at_plane(exact(), exact(), draw(50, 1), draw(20, 2), 2)
    cell = float((plane.density_axes[:, 1] - plane.density_axes[:, 0]).prod())
    mass = [float(density.sum() * cell) for density in plane.densities]
    assert mass[:2] == pytest.approx([1, 1], abs=1e-3)
    assert mass[2] < 1  # noise as wide as the law itself leaves the square


def test_a_summary_holds_plain_numbers():
    law = CorrelatedGaussian()
    x = law.sample(100, torch.Generator().manual_seed(3))
    truth = oracle(law, PROCESS)
    assert isinstance(truth, RealOracle)
    values = look_at_plane(truth, truth, x, x, 3).as_dict()
    assert len(values["memory"]["training_points"]) == 3
    assert [len(field["points"]) for field in values["fields"]] == [8, 8, 8]
    assert all(error in (0, None) for error in values["fields"][0]["errors"]["learned"])
