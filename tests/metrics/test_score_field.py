"""The score over a square of the plane against Gaussians, whose score is linear."""

import math

import pytest
import torch

from truescore.denoisers import oracle
from truescore.errors import UserError
from truescore.metrics.score_field import (
    DISTANCES,
    GRID,
    STEPS,
    grid_points,
    score_at,
    score_field,
    square_axes,
)
from truescore.processes import EDM, VariancePreserving
from truescore.targets import GaussianMixture

COVARIANCE = torch.tensor([[1.0, -0.7], [-0.7, 1.0]], dtype=torch.float64)
LEVEL = 0.3
CORNER, SIDE = torch.tensor([-2.0, -1.0], dtype=torch.float64), 3.5


def gaussian(covariance):
    return GaussianMixture(torch.ones(1), torch.zeros(1, 2), covariance[None])


def linear_score(y, covariance=COVARIANCE):
    blurred = covariance + LEVEL**2 * torch.eye(2).double()
    return -y @ torch.linalg.inv(blurred)


@pytest.fixture(scope="module")
def field():
    """The exact score, and that of a law twice as wide, beside two training points."""
    process = VariancePreserving()
    denoisers = {
        "exact": oracle(gaussian(COVARIANCE), process),
        "wide": oracle(gaussian(2 * COVARIANCE + LEVEL**2 * torch.eye(2).double()), process),
    }
    data = torch.tensor([[0.0, 0.0], [1.0, 0.5]])
    return score_field(denoisers, LEVEL, CORNER, SIDE, data)


@pytest.mark.parametrize("process", [VariancePreserving(), EDM()], ids=["VP", "EDM"])
def test_the_score_is_that_of_the_blurred_law_in_the_units_of_the_data(process):
    y = torch.randn(20, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = score_at(oracle(gaussian(COVARIANCE), process), y, LEVEL)
    torch.testing.assert_close(found, linear_score(y), rtol=1e-10, atol=1e-10)


def test_rows_are_the_second_coordinate(field):
    i, j = 7, 31
    y = torch.stack([field.axes[0, j], field.axes[1, i]])
    torch.testing.assert_close(field.axes[:, 0], CORNER)
    torch.testing.assert_close(field.axes[:, -1], CORNER + SIDE)
    torch.testing.assert_close(field.scores["exact"][i, j], linear_score(y[None])[0])
    torch.testing.assert_close(grid_points(field.axes)[i * GRID + j], y)


def test_a_score_half_as_large_has_the_error_one_half_everywhere(field):
    half = torch.full((GRID, GRID), 0.5, dtype=torch.float64)
    torch.testing.assert_close(field.relative_error("wide"), half, rtol=1e-7, atol=0)
    errors = field.error_by_distance("wide")
    told = errors.isfinite()
    torch.testing.assert_close(errors[told], half.flatten()[: told.sum()], rtol=1e-7, atol=0)
    assert field.error_by_distance("exact")[told].abs().max() == 0


def test_distances_are_those_of_the_nearest_training_point(field):
    y = grid_points(field.axes)
    nearest = torch.minimum(y.norm(dim=1), (y - torch.tensor([1.0, 0.5])).norm(dim=1))
    torch.testing.assert_close(field.distance.flatten(), nearest)
    count = field.points_by_distance()
    assert count.sum() == GRID**2
    assert count[1] == ((nearest >= LEVEL) & (nearest < 2 * LEVEL)).sum()
    # No point is 16 levels away: nothing is said of the error there.
    assert count[5:].sum() == 0 and field.error_by_distance("wide")[5:].isnan().all()
    assert field.as_dict()["errors"]["wide"][-1] is None
    assert len(field.as_dict()["distance_from"]) == len(count) == len(DISTANCES) - 1


def test_the_ascent_is_the_power_of_a_matrix(field):
    """y_k = (1 - e S^-1)^k y_0 from 6/7 of the diagonal, e = (side / 35)^2."""
    start = CORNER + SIDE * 6 / 7
    precision = -linear_score(torch.eye(2).double())
    assert field.step == pytest.approx(0.01)
    shrink = torch.eye(2).double() - field.step * precision
    for k in (0, 1, STEPS):
        expected = torch.linalg.matrix_power(shrink, k) @ start
        torch.testing.assert_close(field.trails["exact"][k], expected, rtol=1e-9, atol=1e-9)
    assert field.as_dict()["ascent"]["ends"]["exact"] == field.trails["exact"][-1].tolist()


def test_a_network_is_asked_in_its_own_precision():
    """Rounding to float32 costs (y - D)/s^2 about 1e-7/s^2."""
    exact = oracle(gaussian(COVARIANCE), EDM())
    single = oracle(gaussian(COVARIANCE), EDM())
    seen = []

    def posterior_mean(x_t, t):
        seen.append((x_t.dtype, t.dtype))
        return exact.posterior_mean(x_t, t).float()

    single.register_parameter("weight", torch.nn.Parameter(torch.zeros(1)))
    single.posterior_mean = posterior_mean
    y = grid_points(square_axes(CORNER, SIDE, 3))
    found = score_at(single, y, LEVEL)
    assert seen == [(torch.float32, torch.float32)] and found.dtype == torch.float64
    torch.testing.assert_close(found, linear_score(y), rtol=0, atol=1e-5)


def test_without_the_exact_score_there_is_nothing_to_compare_with():
    with pytest.raises(UserError, match="expected one called exact among them"):
        score_field({}, LEVEL, CORNER, math.pi, torch.zeros(1, 2))
