"""Which figures of the plane there are, by how many noise levels there are."""

import pytest
import torch

from truescore.denoisers import oracle
from truescore.denoisers.oracle import RealOracle
from truescore.figures import plane_figures
from truescore.metrics.plane import look_at_plane
from truescore.processes import EDM, VariancePreserving
from truescore.targets import SwissRoll

AT_EVERY_LEVEL = {"score_field", "score_error_by_distance"}


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        (VariancePreserving(), AT_EVERY_LEVEL | {"memory"}),
        (EDM(t_min=0.00999, sigma_max=0.01001), AT_EVERY_LEVEL),
    ],
    ids=["many levels", "one level"],
)
def test_with_one_noise_level_there_is_no_curve_over_noise_levels(process, expected):
    law = SwissRoll()
    exact = oracle(law, process)
    assert isinstance(exact, RealOracle)
    data, held_out = (law.sample(n, torch.Generator().manual_seed(n)) for n in (200, 50))
    plane = look_at_plane(exact, exact, data, held_out, 2)
    assert set(plane_figures(plane, plane.memory)) == expected
