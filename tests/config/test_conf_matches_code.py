"""What stands in conf/ is what the classes it names take."""

import inspect
from pathlib import Path

import pytest
import yaml
from hydra.utils import get_class

from truescore.config.schema.run import DISTANCES as KNOWN
from truescore.config.schema.run import NEED_TRANSPORT
from truescore.metrics import DISTANCES
from truescore.metrics.distances import Wasserstein1

CONF = Path(__file__).resolve().parents[2] / "conf"
# What the framework reads itself and keeps from the class.
ITS_OWN = {
    "dataset": {
        *("n_train", "n_val", "batch_size", "simulator", "langevin", "markov_chain"),
        *("forward", "trajectory"),
    },
    "sampler": {"n_generate", "chunk_size"},
}
FILES = [
    (group, path.stem)
    for group in ("dataset", "sde", "model", "loss", "sampler")
    for path in sorted((CONF / group).glob("*.yaml"))
]


@pytest.mark.parametrize(("group", "name"), FILES)
def test_every_key_is_an_argument_of_the_class(group, name):
    section = yaml.safe_load((CONF / group / f"{name}.yaml").read_text())
    section = section.get("net", section)
    keys = set(section) - {"_target_", "name", "state_space"} - ITS_OWN.get(group, set())
    arguments = inspect.signature(get_class(section["_target_"])).parameters
    assert keys <= set(arguments)


def test_the_distances_are_those_of_the_code():
    """The schema repeats their names, as it must not import torch."""
    assert {name: kind.state_spaces for name, kind in DISTANCES.items()} == KNOWN
    assert {n for n, kind in DISTANCES.items() if issubclass(kind, Wasserstein1)} == NEED_TRANSPORT
