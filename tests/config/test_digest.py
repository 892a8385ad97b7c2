"""The hash changes with what changes the result, and with nothing else."""

import json
import subprocess
import sys

import pytest
from omegaconf import OmegaConf

from truescore.config import config_hash

MATTERS = [
    "seed=1",
    "dataset.dim=65",
    "dataset.n_train=10001",
    "dataset.temperature=1.5",
    "dataset.batch_size=256",
    "sde.tolerance=0.02",
    "model.net.width=33",
    "model.learning_rate=0.001",
    "sampler=euler",
    "sampler.steps=65",
    "sampler.n_generate=9999",
    "trainer.max_steps=1",
    "trainer.val_every_n_steps=7",  # chooses `best`
    "trainer.precision=bf16-mixed",
    "callbacks.ema_decay=0.99",
    "metrics.n_score=100",
    "+dataset.anything=1",
    "sampler.chunk_size=7",  # the noise is drawn chunk by chunk
]
DOES_NOT = [
    "name=other",
    "ckpt_path=some/where.ckpt",
    "trainer.accelerator=gpu",
    "trainer.devices=2",
    "trainer.threads=null",
    "trainer.compile=true",
    "trainer.profiler=simple",
    "callbacks.progress_bar=false",
    "dataset.temperature=1",
    "seed=${oc.decode:'0'}",
]


@pytest.mark.parametrize("override", MATTERS)
def test_what_changes_the_result_changes_the_hash(composed, override):
    assert config_hash(composed(override)) != config_hash(composed())


@pytest.mark.parametrize("override", DOES_NOT)
def test_what_does_not_change_the_result_leaves_the_hash(composed, override):
    assert config_hash(composed(override)) == config_hash(composed())


def test_a_simulation_counts_if_it_is_used(composed):
    exact = composed("+experiment=gl_d8")
    simulated = composed("+experiment=gl_d8", "dataset.simulator=langevin")
    assert config_hash(exact) != config_hash(simulated)
    for change in (
        "dt=0.002",
        "integrator=mala",
        "n_chains=7",
        "start=zero",
        "burn_in=3.0",
        "thin=0.1",
    ):
        override = f"dataset.langevin.{change}"
        assert config_hash(composed("+experiment=gl_d8", override)) == config_hash(exact)
        changed = composed("+experiment=gl_d8", "dataset.simulator=langevin", override)
        assert config_hash(changed) != config_hash(simulated)


def test_a_markov_chain_counts_if_it_is_used(composed):
    exact, simulated = composed(), composed("dataset.simulator=wolff")
    assert len({config_hash(exact), config_hash(simulated)}) == 2
    assert config_hash(simulated) != config_hash(composed("dataset.simulator=glauber"))
    for change in ("n_chains=7", "start=up", "burn_in=3", "thin=1"):
        override = f"dataset.markov_chain.{change}"
        assert config_hash(composed(override)) == config_hash(exact)
        changed = composed("dataset.simulator=wolff", override)
        assert config_hash(changed) != config_hash(simulated)
    # As of a run from before there were any.
    assert config_hash(composed("~dataset.markov_chain")) == config_hash(exact)


def test_forward_trajectories_count_if_they_are_used(composed):
    free, stored = composed(), composed("dataset.forward=trajectory")
    assert config_hash(free) != config_hash(stored)
    step = "dataset.trajectory.step=0.01"
    assert config_hash(composed(step)) == config_hash(free)
    assert config_hash(composed("dataset.forward=trajectory", step)) != config_hash(stored)
    # As of a run from before there were any.
    assert config_hash(composed("~dataset.trajectory", "~dataset.forward")) == config_hash(free)


def test_the_hash_is_sixteen_hex_digits_and_the_same_for_the_plain_values(composed):
    config = composed("+experiment=gl_d8")
    plain = OmegaConf.to_container(config, resolve=True)
    digest = config_hash(config)
    assert len(digest) == 16
    int(digest, 16)
    assert config_hash(plain) == digest
    # Nor does the order of the keys matter, or a passage through a file.
    assert config_hash(json.loads(json.dumps(dict(reversed(plain.items()))))) == digest


def test_the_launcher_has_no_part_in_it(composed):
    config = OmegaConf.merge({"hydra": {"run": {"dir": "${nowhere}"}}}, composed())
    assert config_hash(config) == config_hash(composed())


def test_the_configuration_is_checked_without_torch():
    code = "import sys, truescore.config, truescore.cli; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "truescore.config.schema" in loaded.stdout, loaded.stderr
    for heavy in ("torch", "pytorch_lightning", "scipy", "matplotlib"):
        assert f"'{heavy}'" not in loaded.stdout
