"""Simulated data start where they are told to."""

import pytest
import torch
import yaml

from truescore.errors import UserError
from truescore.randomness import keyed_generator
from truescore.simulate import MALA, Box, EulerMaruyama, elastic_preconditioner
from truescore.simulate.convergence import split_r_hat
from truescore.simulate.data import build_integrator, simulated_data
from truescore.targets import FourWell, GinzburgLandauChain

LAW = FourWell()
TRAJECTORY = {
    "integrator": "euler_maruyama",
    "dt": 0.005,
    "n_chains": 1,
    "start": "zero",
    "burn_in": 0.0,
    "thin": 0.005,
}


def test_a_trajectory_holds_every_state_from_the_first():
    """X_0 = 0 itself, then one state a step."""
    data = simulated_data(LAW, TRAJECTORY, 300, 4, "training data")
    integrator, generator = EulerMaruyama(LAW, 0.005), keyed_generator(4, "training data")
    x = torch.zeros(1, 1, dtype=torch.float64)
    for row in data:
        assert torch.equal(row, x[0].float())
        x = integrator.step(x, generator)


def test_without_a_choice_chains_start_from_a_normal(assert_mean):
    settings = {**TRAJECTORY, "dt": 1e-4, "n_chains": 5000}
    del settings["start"]
    rows = simulated_data(LAW, settings, 5000, 0, "training data")
    assert_mean(rows, 0)
    assert_mean(rows**2, 1)


def test_chains_from_zero_cross_into_every_well():
    """What conf/dataset/four_well.yaml says serves: 4,000 rows pass for independent ones."""
    from pathlib import Path

    from truescore.metrics import PerfectSamples
    from truescore.simulate.certify import certify

    conf = Path(__file__).resolve().parents[2] / "conf" / "dataset" / "four_well.yaml"
    settings = yaml.safe_load(conf.read_text())["langevin"]
    data = simulated_data(LAW, settings, 4000, 0, "training data")
    certificate = certify(PerfectSamples(LAW, 500), data, "mala", settings["n_chains"])
    assert certificate.passed, certificate.failures


# Two coherent wells that no chain leaves by itself in the time of these tests.
DEEP = GinzburgLandauChain(3, lam=0.15, temperature=0.15)
EIGHT_CHAINS = {
    "integrator": "strang",
    "dt": 0.05,
    "n_chains": 8,
    "start": "zero",
    "burn_in": 2.0,
    "thin": 0.5,
}


def magnetisations(**changed):
    """Of 8 chains of 100 rows, a column a chain."""
    rows = simulated_data(DEEP, EIGHT_CHAINS | changed, 800, 1, "training data")
    return rows.mean(1).reshape(-1, 8)


def test_without_moves_every_chain_stays_in_its_well():
    draws = magnetisations()
    assert torch.equal(draws.sign().std(0), torch.zeros(8)) and draws[0].sign().std() > 0
    assert split_r_hat(draws.double()) > 2


@pytest.mark.parametrize("moves", [{"flips": True}, {"temperatures": [0.5, 1.0, 2.0], "thin": 0.5}])
def test_with_moves_every_chain_is_in_both_wells(moves):
    draws = magnetisations(**moves)
    share = (draws > 0).double().mean(0)
    assert 0.15 < float(share.min()) and float(share.max()) < 0.85
    assert split_r_hat(draws.double()) < 1.3


def test_mala_moves_by_the_elastic_energy_if_told_to():
    settings = EIGHT_CHAINS | {"integrator": "mala", "preconditioned": True}
    built = build_integrator(DEEP, settings)
    assert isinstance(built, MALA)
    torch.testing.assert_close(built.factor @ built.factor.mT, elastic_preconditioner(DEEP))
    plain = build_integrator(DEEP, settings | {"preconditioned": False})
    assert torch.equal(plain.factor, torch.eye(3, dtype=torch.float64))


@pytest.mark.parametrize(
    ("law", "changed", "message"),
    [
        (DEEP, {"preconditioned": True}, "got strang with a preconditioner, expected mala"),
        (FourWell(), {"integrator": "mala", "preconditioned": True}, "got FourWell, expected a Gi"),
        (DEEP, {"box": "reflecting"}, "got box=reflecting for a law with half_width=None"),
        (GinzburgLandauChain(4, half_width=1.0), {"box": "none"}, "got box=none for a law with"),
    ],
)
def test_moves_that_are_not_for_the_law_are_refused(law, changed, message):
    with pytest.raises(UserError, match=message):
        build_integrator(law, EIGHT_CHAINS | changed)


def test_settings_from_before_there_were_rules_keep_theirs():
    """Mirrors, or rejection where the integrator is exact."""
    boxed = GinzburgLandauChain(4, half_width=1.0)
    for integrator, rule in (("strang", "reflecting"), ("mala", "rejecting")):
        built = build_integrator(boxed, EIGHT_CHAINS | {"integrator": integrator})
        assert isinstance(built, Box) and built.rule == rule
