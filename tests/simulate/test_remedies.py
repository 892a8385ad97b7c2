"""What is said of data that fail: simulators that the law has, and no others."""

import pytest

from truescore.simulate.remedies import remedies
from truescore.targets import FourWell, IsingTorus

NARROW, WIDE = IsingTorus(4, 4), IsingTorus(12, 12)


@pytest.mark.parametrize(
    ("simulator", "law", "named"),
    [
        ("glauber", NARROW, {"wolff", "exact"}),
        ("wolff", NARROW, {"exact"}),
        ("glauber", WIDE, {"wolff"}),
        ("checkerboard", WIDE, {"wolff"}),
        ("wolff", WIDE, set()),
    ],
)
def test_no_simulator_is_named_that_the_law_lacks(simulator, law, named):
    told = remedies(simulator, law)
    for line in (told.burn_in, told.length, told.step):
        found = {name for name in ("wolff", "exact") if f"dataset.simulator={name}" in line}
        assert found == named and "raise dataset.markov_chain.burn_in" in told.burn_in


def test_data_of_reals_and_exact_data_have_others():
    law = FourWell()
    assert "dataset.langevin.burn_in" in remedies("mala", law).burn_in
    assert remedies("exact", law).burn_in.startswith("change the seed")
