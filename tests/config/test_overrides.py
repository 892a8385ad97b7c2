"""An override that Hydra refuses is one line with the name that would have worked."""

from pathlib import Path

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.types import RunMode

from truescore.config.overrides import override_errors

CONF = Path(__file__).resolve().parents[2] / "conf"
BAD = [
    ("dataset.dimm=8", "dataset.dimm=8: no such key; did you mean dataset.dim? (dataset has "),
    ("dim=8", "dim=8: no such key; did you mean dataset.dim?"),
    ("n_generate=8", "n_generate=8: no such key; did you mean sampler.n_generate?"),
    ("datset=ising_ring", "datset=ising_ring: no such key; did you mean dataset?"),
    ("dataset.lam=0.1", "dataset.lam=0.1: no such key"),
    ("dataset=isng", "dataset=isng: no such option; did you mean ising_ring? ("),
    ("metrics=null", "metrics=null: no such option"),
    ("+experiment=ising_d65", "+experiment=ising_d65: no such option; did you mean ising_d64?"),
    ("experiment=gl_d8", "experiment=gl_d8: experiment is added to a run; write +experiment=gl_d8"),
    ("+dataset=ising_ring", "+dataset=ising_ring: write dataset=ising_ring"),
    ("++experiment=gl_d8", "++experiment=gl_d8: write +experiment=gl_d8"),
    ("+trainer=gpu", "+trainer=gpu: write trainer=gpu"),
    ("+dataset.dim=8", "+dataset.dim=8: dataset.dim is there already; write dataset.dim=8"),
    ("~dataset.size", "~dataset.size: no such key"),
    ("hydra.run.dirr=a", "hydra.run.dirr=a: no such key; did you mean hydra.run.dir?"),
    ("hydra/launcher=slurm", "hydra/launcher=slurm: no such option"),
    ("seed=1,2", "seed=1,2: several values need a sweep; add -m"),
    (
        "+experiment=anticorrelated_langevin",
        "+experiment=anticorrelated_langevin: not for train.py; run python scripts/simulate.py"
        " +experiment=anticorrelated_langevin",
    ),
    ("dynamics=ou", "dynamics=ou: not for train.py; run python scripts/simulate.py dynamics=ou"),
    ("ising_d64", "ising_d64: not an override; write key=value, group=option or +experiment=NAME"),
    ("dataset.dim=[1", "dataset.dim=[1: not an override; write key=value"),
]
GOOD = ["+experiment=gl_d8", "dataset.lam=0.1", "++dataset.dim=9", "+note=x", "seed=3", "~metrics"]


@pytest.fixture(scope="module")
def loader():
    return ConfigLoaderImpl(create_config_search_path(str(CONF)))


@pytest.mark.parametrize(("override", "line"), BAD)
def test_one_bad_override_is_one_line(loader, override, line):
    errors = override_errors(loader, [override], RunMode.RUN)
    assert list(errors) == [override]
    assert errors[override].startswith(line)
    assert "\n" not in errors[override]


def test_what_hydra_takes_has_no_error(loader):
    assert override_errors(loader, GOOD, RunMode.RUN) == {}
    loader.load_configuration("train", GOOD, run_mode=RunMode.RUN)


def test_all_are_told_at_once_and_in_their_order(loader):
    bad = [override for override, _ in BAD[: len(GOOD)]]
    overrides = [override for pair in zip(GOOD, bad, strict=True) for override in pair]
    errors = override_errors(loader, overrides, RunMode.RUN)
    # With +experiment=gl_d8 the chain is the law, and the chain has lam.
    assert list(errors) == [o for o in overrides if o not in GOOD and o != "dataset.lam=0.1"]


def test_a_sweep_is_looked_at_value_by_value(loader):
    good = ["dataset=ising_ring,ginzburg_landau", "seed=range(3)", "+experiment=gl_d8,ising_d16"]
    assert override_errors(loader, good, RunMode.MULTIRUN) == {}
    bad = ["dataset=ising_ring,isng", "dataset.dimm=8,16"]
    assert list(override_errors(loader, bad, RunMode.MULTIRUN)) == bad


def test_a_key_must_exist_in_every_job_of_a_sweep(loader):
    chains = ["+experiment=gl_d8,gl_d16", "dataset.lam=0.1,0.2"]
    assert override_errors(loader, chains, RunMode.MULTIRUN) == {}
    mixed = ["+experiment=gl_d8,ising_d16", "dataset.lam=0.1"]
    (line,) = override_errors(loader, mixed, RunMode.MULTIRUN).values()
    assert line.startswith("dataset.lam=0.1: no such key")
    assert "coupling" in line  # the keys of the law that lacks it


def test_an_experiment_of_the_other_program_is_sent_there(loader):
    (line,) = override_errors(loader, ["+experiment=gl_d8"], RunMode.RUN, "simulate").values()
    expected = "+experiment=gl_d8: not for scripts/simulate.py; run python train.py"
    assert line == f"{expected} +experiment=gl_d8"
    swept = ["+experiment=anticorrelated_langevin,gl_d8"]
    assert expected in override_errors(loader, swept, RunMode.MULTIRUN, "simulate")[swept[0]]
    own = ["+experiment=anticorrelated_langevin", "dynamics=unadjusted_langevin"]
    assert override_errors(loader, own, RunMode.RUN, "simulate") == {}


@pytest.mark.parametrize(
    ("launcher", "extra"),
    [("joblib", "joblib"), ("submitit_local", "slurm"), ("submitit_slurm", "slurm")]
    + [("ray", "ray"), ("ray_cluster", "ray")],
)
def test_a_launcher_whose_plugin_is_missing_comes_with_the_remedy(
    loader, monkeypatch, launcher, extra
):
    monkeypatch.setattr(loader, "get_group_options", lambda group: ["basic", "ray", "ray_cluster"])
    errors = override_errors(loader, [f"hydra/launcher={launcher}"], RunMode.MULTIRUN)
    line = f"hydra/launcher={launcher}: needs a plugin of Hydra; pip install -e '.[{extra}]'"
    assert list(errors.values()) == [line]
