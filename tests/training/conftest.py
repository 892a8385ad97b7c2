"""Small runs through the real training, shared by the tests of this folder."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

CONF = Path(__file__).resolve().parents[2] / "conf"
SMALL = [
    "trainer.max_steps=8",
    "trainer.val_every_n_steps=4",
    "dataset.n_train=400",
    "dataset.n_val=100",
    "dataset.batch_size=50",
    "sampler.steps=4",
    "sampler.n_generate=100",
    "metrics.n_score=20",
    "metrics.n_levels=3",
    "metrics.n_null=100",
    "metrics.n_bootstrap=100",
    "callbacks.progress_bar=false",
]
HALVES = {"spin": "ising_d16", "real": "gl_d8"}


def small_config(experiment, *overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train", [f"+experiment={experiment}", *SMALL, *overrides])


@pytest.fixture
def without_figures(monkeypatch):
    """Runs that draw nothing: figures take most of the time of a small run."""
    monkeypatch.setattr("truescore.training.monitor.sample_figures", lambda *_: {})
    monkeypatch.setattr("truescore.report.evaluation_figures", lambda *_: {})


@pytest.fixture(scope="session", params=HALVES)
def finished(request, tmp_path_factory):
    """A finished small run of each half: its folder, its configuration, its summary."""
    from truescore.training.run import train

    folder = tmp_path_factory.mktemp(request.param)
    config = small_config(HALVES[request.param])
    return folder, config, train(config, folder)
