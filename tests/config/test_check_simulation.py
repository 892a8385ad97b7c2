"""The laboratory's configuration: its files agree with its code, and what is wrong is one line."""

import inspect
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.utils import get_class

from truescore.config import check_simulation
from truescore.config.schema.simulation import SIMULATION_SCHEMAS

CONF = Path(__file__).resolve().parents[2] / "conf"
CHAIN = ["dynamics=unadjusted_langevin", "dataset=anticorrelated_gaussian"]
ITS_OWN = {"_target_", "name", "horizon", "steps", "start_scale"}
FILES = [
    (group, path.stem)
    for group in ("dynamics", "integrator")
    for path in sorted((CONF / group).glob("*.yaml"))
]


def errors(*overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return check_simulation(compose("simulate", list(overrides)))


@pytest.mark.parametrize("group", ["dynamics", "integrator"])
def test_a_file_is_called_by_its_name_and_has_a_schema(group):
    files = {name for kind, name in FILES if kind == group}
    assert files == {name for name in SIMULATION_SCHEMAS[group] if name}


@pytest.mark.parametrize(("group", "name"), FILES)
def test_every_key_is_an_argument_of_the_class(group, name):
    section = yaml.safe_load((CONF / group / f"{name}.yaml").read_text())
    assert section["name"] == name
    arguments = set(inspect.signature(get_class(section["_target_"])).parameters)
    assert set(section) - ITS_OWN <= arguments


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["dynamics=brownian"],
        ["dynamics=ou", "integrator=exact", "dataset=random_mixture", "dynamics.steps=1"],
        ["dynamics.steps=60"],
        ["dynamics=probability_flow", "integrator=euler"],
        ["dynamics=langevin", "integrator=milstein", "dataset=anticorrelated_gaussian"],
        ["dataset=ginzburg_landau", "dataset.dim=2"],
        CHAIN,
        [*CHAIN, "dynamics.tau=1.19"],
        ["dynamics=unadjusted_langevin", "dataset=isotropic_gaussian", "dataset.dim=2"],
    ],
)
def test_what_goes_together_has_no_error(overrides):
    assert errors(*overrides) == []


def test_the_experiment_is_the_chain_from_a_wide_start():
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("simulate", ["+experiment=anticorrelated_langevin"])
    assert check_simulation(config) == []
    assert (config.name, config.n_points) == ("anticorrelated_langevin", 1000)
    assert (config.dataset.name, config.dataset.correlation) == ("anticorrelated_gaussian", -0.7)
    chain = config.dynamics
    assert (chain.name, chain.steps, chain.start_scale) == ("unadjusted_langevin", 20, 2)
    assert chain.tau is None


BAD = [
    (["dynamics.sigma=0"], "dynamics.sigma: got 0, expected a number > 0"),
    (["dynamics.steps=0"], "dynamics.steps: got 0, expected an integer >= 1"),
    (["dynamics.horizon=-1"], "dynamics.horizon: got -1, expected a number > 0"),
    (["dynamics=ou", "dynamics.theta=inf"], "dynamics.theta: got Infinity, expected a number > 0"),
    (["+dynamics.thta=1"], "dynamics.thta: no such key"),
    (["n_points=10"], "n_points: got 10, expected an integer >= 100"),
    (["n_snapshots=13"], "n_snapshots: got 13, expected an integer >= 2 and <= 12"),
    (["seed=-1"], "seed: got -1, expected an integer >= 0 and < 4294967296"),
    (["name='a b'"], "name: got 'a b', expected up to 100 letters"),
    (["dataset.scale=-1"], "dataset.scale: got -1, expected a number > 0"),
    (["dataset=ising_ring"], "dataset=ising_ring has spins in {-1,+1}; dynamics move real values"),
    (
        ["dataset=ginzburg_landau"],
        "dataset.dim: got 32, expected 2: the laboratory draws the plane",
    ),
    (["integrator=euler"], "integrator=euler for dynamics=langevin: use dynamics=probability_flow"),
    (["integrator=exact"], "integrator=exact for dynamics=langevin: use dynamics=brownian or ou"),
    (
        [*CHAIN, "integrator=heun"],
        "integrator=heun for dynamics=unadjusted_langevin: use integrator=euler_maruyama",
    ),
    (
        ["dynamics=unadjusted_langevin"],
        "dataset=symmetric_mixture for dynamics=unadjusted_langevin, which is for one Gaussian",
    ),
    (["dynamics.steps=50"], "dynamics.steps: got 50 of 0.4 each, expected steps below 0.36, where"),
    (
        ["dynamics=ou", "dynamics.steps=1"],
        "dynamics.steps: got 1 of 3 each, expected steps below 2",
    ),
    (
        ["dynamics=probability_flow", "integrator=heun", "dynamics.theta=300"],
        "dynamics.steps: got 300 of 0.01 each, expected steps below 0.00667",
    ),
    (["dynamics.steps=100000000"], "dynamics.steps: got 100000000 with n_points=1000, expected at"),
    ([*CHAIN, "dynamics.tau=1.2"], "dynamics.tau: got 1.2, expected a number < 1.2, four times"),
    ([*CHAIN, "dynamics.tau=0"], "dynamics.tau: got 0, expected a number > 0"),
    (
        [*CHAIN, "dataset.correlation=0.9", "dynamics.tau=0.5"],
        "dynamics.tau: got 0.5, expected a number < 0.4",
    ),
]


@pytest.mark.parametrize(("overrides", "line"), BAD)
def test_one_mistake_is_one_line(overrides, line):
    (got,) = errors(*overrides)
    assert got.startswith(line)
    assert "\n" not in got


def test_all_mistakes_are_told_at_once():
    got = errors("dynamics.sigma=0", "n_points=1", "dataset.scale=0", "integrator=euler")
    assert len(got) == 4


def test_dynamics_of_ones_own_are_let_through():
    own = ["dynamics.name=mine", "dynamics._target_=my.Dynamics", "+dynamics.kappa=3"]
    assert errors(*own, "integrator=exact") == []
