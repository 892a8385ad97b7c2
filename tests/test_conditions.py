"""What a command line asks for, and the one line it gets for what it cannot."""

import pytest

from truescore.conditions import SWEEPS, Condition, condition, conditioned
from truescore.errors import UserError
from truescore.samplers import AnalyticBridge
from truescore.targets import FourWell, GrayCode, IsingRing


def test_texts_are_read():
    assert condition({"run": "x"}) is None
    assert condition({"hold": "0:1,5:-1"}) == Condition({0: 1.0, 5: -1.0}, None, None, SWEEPS)
    asked = condition({"temperature": "0.8", "magnetisation": "-2", "sweeps": "7"})
    assert asked == Condition({}, 0.8, -2, 7.0)
    assert Condition(temperature=2.0).only_temperature
    assert not Condition({0: 1.0}, 2.0).only_temperature


def test_every_condition_has_a_name_of_its_own():
    several = [
        Condition({0: 1.0}),
        Condition({0: -1.0}),
        Condition({}, 0.8),
        Condition({}, None, 0),
    ]
    assert len({tuple(asked.words()) for asked in several}) == 4


def test_the_power_is_that_of_the_temperatures():
    sampler = conditioned(AnalyticBridge(4), IsingRing(4, temperature=2.0), Condition({}, 0.5))
    assert sampler.power == 4.0
    assert conditioned(AnalyticBridge(4), IsingRing(4), Condition({0: 1.0})).power == 1.0


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"hold": "0"}, "got hold=0, expected SITE:VALUE"),
        ({"hold": "a:1"}, "got hold=a:1, expected SITE:VALUE"),
        ({"hold": "0:1,0:-1"}, "each site once"),
        ({"temperature": "cold"}, "got temperature=cold, expected a number"),
        ({"temperature": "0"}, "got temperature=0, expected > 0"),
        ({"temperature": "nan"}, "got temperature=nan"),
        ({"magnetisation": "0.5"}, "got magnetisation=0.5, expected a whole number"),
        ({"sweeps": "3"}, "got sweeps= alone"),
    ],
)
def test_what_makes_no_sense_is_one_line(asked, line):
    with pytest.raises(UserError) as told:
        condition(asked)
    assert line in str(told.value) and "\n" not in str(told.value)


def test_laws_that_have_none_of_it_are_refused():
    with pytest.raises(UserError, match="a law of reals"):
        conditioned(AnalyticBridge(4), FourWell(), Condition({0: 1.0}))
    with pytest.raises(UserError, match="which has no temperature"):
        conditioned(AnalyticBridge(4), GrayCode("moons"), Condition({}, 0.5))
