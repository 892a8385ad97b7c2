"""Chains of spins as training data: kept on disk, and certified against their law."""

import copy
from pathlib import Path

import pytest
import torch
import yaml

from truescore.metrics import PerfectSamples
from truescore.simulate import store
from truescore.simulate.certify import certify
from truescore.simulate.data import SPIN_DYNAMICS, simulated_data, simulator_settings
from truescore.targets import IsingRing

CONF = Path(__file__).resolve().parents[3] / "conf" / "dataset" / "ising_ring.yaml"
DEFAULTS = yaml.safe_load(CONF.read_text())


def settings(simulator, **changed):
    dataset = copy.deepcopy(DEFAULTS) | {"simulator": simulator}
    dataset["markov_chain"] |= changed
    return simulator_settings(dataset)


def certified(perfect, simulator, n, seed=0, **changed):
    chosen = settings(simulator, **changed)
    data = simulated_data(perfect.target, chosen, n, seed, "training data")
    return certify(perfect, data, simulator, min(chosen["n_chains"], n))


def test_data_are_spins_made_once_by_name_and_seed():
    law = IsingRing(8)

    def data(simulator, seed=0):
        return simulated_data(law, settings(simulator), 300, seed, "training data")

    first = data("glauber")
    files = len(list(store.folder().glob("*.npy")))
    assert torch.equal(data("glauber"), first)
    assert len(list(store.folder().glob("*.npy"))) == files
    assert first.dtype == torch.float32 and set(first.unique().tolist()) == {-1.0, 1.0}
    others = [data("glauber", 1), data("metropolis"), data("wolff"), data("checkerboard")]
    assert not any(torch.equal(first, other) for other in others)


def test_chains_start_where_they_are_told_to(assert_mean):
    law, still = IsingRing(8), {"n_chains": 5000, "burn_in": 0}
    up = simulated_data(law, settings("glauber", start="up", **still), 5000, 0, "data")
    assert (up == 1).all()
    uniform = simulated_data(law, settings("glauber", **still), 5000, 0, "data")
    assert_mean(uniform, 0.0)
    assert_mean(uniform * uniform.roll(1, 1), 0.0)


@pytest.mark.parametrize("simulator", SPIN_DYNAMICS)
def test_the_usual_settings_pass(simulator):
    certificate = certified(PerfectSamples(IsingRing(16), 1000), simulator, 5000)
    assert certificate.passed, certificate.failures
    assert certificate.n_effective > 2500


@pytest.mark.slow
@pytest.mark.parametrize("simulator", SPIN_DYNAMICS)
def test_the_usual_settings_pass_at_full_size(simulator):
    certificate = certified(PerfectSamples(IsingRing(64), 1000), simulator, 10_000)
    assert certificate.passed, certificate.failures
    assert certificate.n_effective > 5000


def test_clusters_pass_where_it_is_too_cold_for_single_spins():
    """At T = 0.4 single spins take 11,000 sweeps to relax, and 200 leave too many kinks."""
    perfect = PerfectSamples(IsingRing(32, temperature=0.4), 1000)
    frozen = certified(perfect, "glauber", 2000, n_chains=200)
    assert not frozen.passed
    assert frozen.errors["kink_density"].verdict.endswith("x floor")
    remedies = {failure.remedy for failure in frozen.failures}
    burn_in = "raise dataset.markov_chain.burn_in or use dataset.simulator=wolff or"
    assert any(remedy.startswith(burn_in) for remedy in remedies)
    assert not any("langevin" in remedy for remedy in remedies)
    certificate = certified(perfect, "wolff", 2000, n_chains=200)
    assert certificate.passed, certificate.failures
    assert certificate.n_effective > 1000


def test_chains_too_short_to_be_worth_much_are_told_to_thin():
    """At T = 0.4 few chains of single spins leave the state with all up."""
    perfect = PerfectSamples(IsingRing(32, temperature=0.4), 500)
    certificate = certified(perfect, "metropolis", 1000, n_chains=20, start="up")
    remedies = {failure.remedy for failure in certificate.failures}
    assert any(remedy.startswith("raise dataset.markov_chain.thin") for remedy in remedies)
    wolff = certified(perfect, "wolff", 1000, n_chains=20, start="up", burn_in=0, thin=1)
    assert wolff.failures
    assert all("wolff" not in failure.remedy for failure in wolff.failures)
