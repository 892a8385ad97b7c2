"""A training step reads no value back, so that a GPU never waits for it."""

import pytest
import torch
from omegaconf import OmegaConf
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from truescore.build import build_denoiser, build_loss, build_process, build_target
from truescore.config.check import check
from truescore.losses import elbo
from truescore.processes import discrete

from .conftest import CONF, small_config

LOSSES = sorted(path.stem for path in (CONF / "loss").glob("*.yaml"))
LAWS = ("gl_d8", "ising_d16", "potts_d32", "gray_2spirals", "ising_torus_couplings")


def step(experiment, *overrides):
    """Loss and gradient among tensors without values, where reading one is an error."""
    config = OmegaConf.to_container(small_config(experiment, *overrides), resolve=True)
    target = build_target(config)
    process = build_process(config, target.dim, target.n_states)
    denoiser = build_denoiser(config, target.dim, process, None, n_components=1)
    loss, generator = build_loss(config), torch.Generator().manual_seed(0)
    # Times are drawn between the levels at the ends, which the host knows.
    t = loss.sample_times(denoiser, 3, generator)
    with FakeTensorMode(allow_non_fake_inputs=True):
        x_0 = torch.empty(3, target.dim)
        loss(denoiser, x_0, t, generator).mean().backward()
        with pytest.raises(DataDependentOutputException):
            x_0.sum().item()


@pytest.mark.parametrize("name", LOSSES)
def test_no_loss_reads_a_value_back(name, monkeypatch):
    monkeypatch.setattr(discrete, "on_host", lambda x: False)
    monkeypatch.setattr(elbo, "log_snr_range", lambda process: 1.0)  # two numbers of the host's
    laws = [law for law in LAWS if not check(small_config(law, f"loss={name}"))]
    assert laws
    for law in laws:
        step(law, f"loss={name}")


def test_a_look_at_the_symbols_is_found():
    with pytest.raises(DataDependentOutputException):
        step("gray_2spirals")
