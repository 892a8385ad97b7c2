"""The scales of a process at a time: one row where all points share it, each looked up once."""

import torch

from truescore.processes import VariancePreserving
from truescore.samplers.noise_level import NoiseLevel


class Counting(VariancePreserving):
    looked_up = 0

    def alpha(self, t):
        self.looked_up += 1
        return super().alpha(t)


def test_points_of_one_time_share_a_row():
    process, t = VariancePreserving(), torch.tensor(0.3)
    shared = NoiseLevel(process, t.expand(5))
    each = NoiseLevel(process, torch.full((5,), 0.3))
    for name in ("alpha", "sigma", "log_r"):
        row, rows = getattr(shared, name), getattr(each, name)
        assert row.shape == (1, 1) and rows.shape == (5, 1)
        torch.testing.assert_close(row.expand(5, 1), rows)


def test_points_of_their_own_times_have_their_own_scales():
    process, t = VariancePreserving(), torch.linspace(0.01, 1, 7, dtype=torch.float64)
    level = NoiseLevel(process, t)
    torch.testing.assert_close(level.alpha[:, 0], process.alpha(t))
    torch.testing.assert_close(level.sigma[:, 0], process.sigma(t))
    torch.testing.assert_close(-2 * level.log_r[:, 0], process.log_snr(t))


def test_each_scale_is_looked_up_once_and_only_if_asked_for():
    process = Counting()
    level = NoiseLevel(process, torch.rand(3))
    assert level.sigma.shape == (3, 1) and process.looked_up == 0
    assert level.alpha is level.alpha and torch.equal(level.log_r, level.log_r)
    assert process.looked_up == 1
