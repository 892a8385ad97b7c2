"""Bounds of the noising processes."""

import pytest

from truescore.config import check

GL = "+experiment=gl_d8"
BAD = [
    ("sub_vp", "sde.beta_min=-1", "sde.beta_min: got -1, expected a number > 0"),
    ("sub_vp", "sde.beta_max=0.05", "sde.beta_max: got 0.05, expected at least sde.beta_min=0.1"),
    ("vp_cosine", "sde.offset=0", "sde.offset: got 0, expected a number > 0 and < 1"),
    ("vp_cosine", "sde.horizon=1", "sde.horizon: got 1, expected a number > 0 and < 1"),
    ("vp_cosine", "sde.horizon=0.001", "sde.horizon: got 0.001, expected more than sde.t_min"),
    ("rectified_flow", "sde.horizon=1.0", "sde.horizon: got 1.0, expected"),
    ("rectified_flow", "sde.t_min=0", "sde.t_min: got 0, expected a number > 0 and < 1"),
    ("trigonometric", "sde.horizon=1e-4", "sde.horizon: got 0.0001, expected more than sde.t_min"),
    ("trigonometric", "+sde.offset=0.1", "sde.offset: no such key"),
    ("ve", "sde.sigma_max=0.01", "sde.sigma_max: got 0.01, expected more than sde.sigma_min=0.01"),
    ("ve", "sde.blurred=1", "sde.blurred: got 1, expected true or false"),
    ("ve", "sde.t_min=1", "sde.t_min: got 1, expected a number > 0 and < 1"),
    ("edm", "sde.sigma_max=0.001", "sde.sigma_max: got 0.001, expected more than sde.t_min=0.002"),
    ("ve", "sde.sigma_max=none", "sde.sigma_max: got 'none', expected a number > 0"),
    ("ve", "sde.tolerance=0", "sde.tolerance: got 0, expected a number > 0"),
    ("edm", "sde.tolerance=-1", "sde.tolerance: got -1, expected a number > 0"),
    ("edm", "sde.t_min=-1", "sde.t_min: got -1, expected a number > 0"),
]


@pytest.mark.parametrize(("name", "override", "line"), BAD)
def test_one_bad_value_is_one_line(composed, name, override, line):
    (error,) = check(composed(GL, f"sde={name}", override))
    assert error.startswith(line)


@pytest.mark.parametrize("name", sorted({name for name, _, _ in BAD}))
def test_a_chain_of_reals_takes_each_process(composed, name):
    assert check(composed(GL, f"sde={name}")) == []


@pytest.mark.parametrize("name", ["ve", "edm"])
def test_the_largest_noise_may_be_left_to_the_tolerance(composed, name):
    assert check(composed(GL, f"sde={name}", "sde.sigma_max=null", "sde.tolerance=0.1")) == []
