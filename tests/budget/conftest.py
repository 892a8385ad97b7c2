"""Small runs through the real training, of seconds each."""

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
    "metrics.n_bound=0",
    "callbacks.progress_bar=false",
]


def small_config(experiment, *overrides):
    """An experiment's configuration with few of everything; overrides come last."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train", [f"+experiment={experiment}", *SMALL, *overrides])


@pytest.fixture
def without_figures(monkeypatch):
    """Runs that draw nothing: figures take most of the time of a small run."""
    monkeypatch.setattr("truescore.training.monitor.sample_figures", lambda *_: {})
    monkeypatch.setattr("truescore.report.evaluation_figures", lambda *_: {})
