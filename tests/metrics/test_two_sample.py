import pytest
import torch

from truescore.errors import UserError
from truescore.metrics import alike
from truescore.metrics.distances import EnergyDistance
from truescore.targets import IsingRing

from .conftest import gaussian, spins


@pytest.mark.parametrize(("law", "sizes"), [(gaussian, (20, 30)), (spins, (40, 40))])
def test_p_values_are_uniform_under_one_law(law, sizes, assert_uniform, generator):
    """Those of discrete laws have ties, which count as reached: they can be larger, not smaller."""
    law = law()
    p = []
    for _ in range(300):
        x, y = law.sample(sum(sizes), generator).split(sizes)
        p.append(alike(x, y, generator, 100).p_value)
    # k/101: moved to the middle of its step.
    assert_uniform(torch.tensor(p) - 0.5 / 101)


def test_the_statistic_is_the_energy_distance(generator):
    x, y = gaussian().sample(50, generator), gaussian(shift=1.0).sample(70, generator)
    expected = EnergyDistance(gaussian())(x.double(), y.double())
    assert alike(x, y, generator).statistic == pytest.approx(expected, rel=1e-6)


def test_a_shift_is_found(generator):
    answer = alike(
        gaussian().sample(300, generator), gaussian(shift=0.7).sample(200, generator), generator
    )
    assert answer.p_value == pytest.approx(1 / 1000)
    assert answer.verdict == "different"


def test_laws_with_the_same_means_are_told_apart(generator):
    strong, weak = IsingRing(8), IsingRing(8, coupling=0.5)
    answer = alike(strong.sample(1000, generator), weak.sample(1000, generator), generator, 199)
    assert answer.verdict == "different"


def test_equal_sets_are_alike(generator):
    x = gaussian().sample(100, generator)
    answer = alike(x, x, generator, 100)
    assert answer.p_value == 1
    assert answer.verdict == "no difference found"


def test_blocks_change_nothing(monkeypatch, generator):
    x, y = gaussian().sample(60, generator).split(30)
    whole = alike(x, y, torch.Generator().manual_seed(1), 100)
    monkeypatch.setattr("truescore.metrics.two_sample.ENTRIES", 500)
    assert alike(x, y, torch.Generator().manual_seed(1), 100).p_value == whole.p_value


def test_wrong_input_is_one_line(generator):
    x = gaussian().sample(50, generator)
    with pytest.raises(UserError, match=r"got points of shape \(50, 4\), expected \(n, 5\)"):
        alike(x, x[:, :4], generator)
    with pytest.raises(UserError, match=r"got samples of shape \(50,\), expected \(n, d\)"):
        alike(x[:, 0], x, generator)
    with pytest.raises(UserError, match="got 1 and 50 samples, expected at least 2 of each"):
        alike(x[:1], x, generator)
    with pytest.raises(UserError, match="got n_permutations=99, expected at least 100"):
        alike(x, x, generator, 99)
    with pytest.raises(UserError, match="got NaN or infinite samples"):
        alike(x, x / 0, generator)
