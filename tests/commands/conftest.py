"""A small finished run, and scripts called in process."""

import runpy
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

ROOT = Path(__file__).resolve().parents[2]
QUICK = ["metrics.n_null=100", "metrics.n_bootstrap=100", "dataset.n_train=400"]


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    from truescore.training.run import train

    folder = tmp_path_factory.mktemp("run")
    small = [
        *QUICK,
        "trainer.max_steps=4",
        "dataset.n_val=50",
        "dataset.batch_size=50",
        "sampler.steps=4",
        "sampler.n_generate=50",
        "metrics.n_score=20",
        "metrics.n_levels=3",
        "callbacks.progress_bar=false",
    ]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        train(compose("train", ["+experiment=ising_d16", *small]), folder)
    return folder


@pytest.fixture
def script(monkeypatch, capsys, tmp_path):
    """Run a script with arguments in an empty folder: exit code, standard output, error."""

    def call(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as stop:
            runpy.run_path(str(ROOT / "scripts" / name), run_name="__main__")
        captured = capsys.readouterr()
        return stop.value.code, captured.out, captured.err

    return call
