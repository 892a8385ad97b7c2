"""Simulated data start where they are told to."""

import torch
import yaml

from truescore.randomness import keyed_generator
from truescore.simulate import EulerMaruyama
from truescore.simulate.data import simulated_data
from truescore.targets import FourWell

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
