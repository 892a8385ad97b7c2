"""A law, process, network and sampler of a user's own: one class and one file each."""

import sys

from hydra import compose, initialize_config_dir

import truescore
from truescore.config import check
from truescore.training.run import train

from .conftest import CONF, SMALL

CODE = """
import torch
from truescore.nets import LeaveOneOutConv
from truescore.processes import VariancePreserving
from truescore.samplers import Heun
from truescore.targets import NearestNeighbourChain


class PhiFour(NearestNeighbourChain):
    def __init__(self, dim, mass):
        super().__init__(
            dim,
            site_potential=lambda x, i: x**4 / 4 + mass * x**2 / 2,
            bond_potential=lambda x, y, i: (x - y) ** 2 / 2,
            boundary="periodic",
            interval=(-4.0, 4.0),
        )


class Faster(VariancePreserving):
    pass


class Linear(torch.nn.Module):
    def __init__(self, dim, scale):
        super().__init__()
        self.map = torch.nn.Linear(3, 2)
        self.scale = scale

    def forward(self, fields, noise_level):
        return self.scale * self.map(fields)


class Predictor(Heun):
    def inner_step(self, denoiser, x_t, t, s, generator, last=None):
        process = denoiser.process
        spread = (process.sigma(s) / process.sigma(t))[:, None]
        signal = process.alpha(s)[:, None] - spread * process.alpha(t)[:, None]
        return spread * x_t + signal * denoiser.posterior_mean(x_t, t)
"""
FILES = {
    "dataset/phi_four": "_target_: mine.PhiFour\nname: phi_four\nstate_space: real\ndim: 6\n"
    "mass: -0.5\nn_train: 400\nn_val: 100\nbatch_size: 50\nsimulator: exact\n",
    "sde/faster": "_target_: mine.Faster\nname: faster\nstate_space: real\nbeta_max: 25.0\n",
    "model/linear": "name: linear\nstate_space: real\nnet: {_target_: mine.Linear, scale: 0.5}\n"
    "skip: wiener\nlearning_rate: 0.01\nweight_decay: 0.0\n",
    "sampler/predictor": "_target_: mine.Predictor\nname: predictor\nstate_space: real\nsteps: 4\n"
    "grid: log_snr\nn_generate: 100\nchunk_size: 50\n",
}


def test_one_class_and_one_file_each(tmp_path, monkeypatch, without_figures):
    (tmp_path / "mine.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, text in FILES.items():
        file = tmp_path / "conf" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(
            "train",
            [
                f"hydra.searchpath=[file://{tmp_path / 'conf'}]",
                "dataset=phi_four",
                "sde=faster",
                "model=linear",
                "loss=denoising",
                "sampler=predictor",
                *SMALL,
            ],
        )
    assert check(config) == []
    (tmp_path / "run").mkdir()
    summary = train(config, tmp_path / "run")
    run = truescore.load_run(tmp_path / "run")
    assert type(run.target).__name__ == "PhiFour" and run.process.beta_max == 25.0
    assert type(run.sampler).__name__ == "Predictor"
    assert summary["metrics"]["energy_per_site"]["floor"] > 0
    sys.modules.pop("mine")
