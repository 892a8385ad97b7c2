"""Replayed evaluations: what can be told without a GPU, and on one that nothing changes."""

from pathlib import Path

import pytest
import torch
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from torch import nn
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode
from torch.func import functional_call

from truescore.build import build_denoiser, build_process, build_sampler, build_target
from truescore.errors import UserError
from truescore.randomness import keyed_generator
from truescore.samplers import cuda_graphs
from truescore.samplers.cuda_graphs import MOST_SHAPES, Replayed, replayed
from truescore.training.rehearsal import try_sampler

CONF = Path(__file__).resolve().parents[2] / "conf"
MODELS = {
    path.stem: {"real": "gl_d8"}.get(yaml.safe_load(path.read_text())["state_space"], "ising_d16")
    for path in (CONF / "model").glob("*.yaml")
}
EXPERIMENTS = {
    "couplings": "ising_torus_couplings",
    "leave_one_out_2d": "ising_torus_4x4",
    "masked_mlp": "gray_2spirals",
}


def test_an_answer_is_the_functions_and_stays(played):
    again = Replayed(torch.mul, cuda_graphs.capture)
    x, y = torch.randn(2, 5, 3).unbind()
    first, other, wider = again(x, y), again(y, y), again(x[:2], y[:2])
    assert torch.equal(first, x * y)
    assert torch.equal(other, y * y)
    assert torch.equal(wider, x[:2] * y[:2])
    assert len(again.captured) == 2
    again(x.double(), y.double())
    assert len(again.captured) == 3
    for n in (1, 3, 4):  # the first of these is the last that is recorded
        assert torch.equal(again(x[:n], y[:n]), x[:n] * y[:n])
    assert len(again.captured) == MOST_SHAPES
    # A time that all points share has one number in memory, which must not be written over.
    t = torch.tensor(2.0)
    assert torch.equal(again(x[:, 0], t.expand(5)), 2 * x[:, 0])
    assert torch.equal(again(y[:, 0], t.expand(5)), 2 * y[:, 0])
    assert t == 2


def test_a_network_on_a_cpu_is_left_alone():
    net = nn.Linear(2, 2)
    with replayed(net):
        assert "forward" not in net.__dict__
        assert net(torch.ones(1, 2)).shape == (1, 2)


def test_a_network_is_itself_again(played):
    net, x = nn.Linear(2, 2), torch.ones(3, 2)
    with torch.inference_mode():
        plain = net(x)
        for own in (None, net.forward):
            if own is not None:
                net.forward = own
            with replayed(net):
                assert isinstance(net.forward, Replayed)
                assert torch.equal(net(x), plain)
                assert torch.equal(net(2 * x), net.forward.function(2 * x))
            assert net.__dict__.get("forward") == own
        with replayed(net, asked=False):
            assert net.__dict__.get("forward") == own


def test_what_cannot_be_recorded_is_told(monkeypatch):
    def capture(function, inputs):
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(cuda_graphs, "on_gpu", lambda net: True)
    monkeypatch.setattr(cuda_graphs, "capture", capture)
    net = nn.Linear(2, 2)
    with (
        pytest.raises(UserError, match=r"not permitted .*: set trainer\.cuda_graphs=false$"),
        replayed(net),
    ):
        net(torch.ones(3, 2))
    assert "forward" not in net.__dict__


def denoiser_of(experiment, model):
    """An untrained denoiser, its sampler and its number of sites."""
    overrides = [f"+experiment={experiment}", "sampler.steps=4"]
    overrides += [f"model={model}"] if model else []
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = OmegaConf.to_container(compose("train", overrides), resolve=True)
    target = build_target(config)
    process = build_process(config, target.dim, target.n_states)
    denoiser = build_denoiser(config, target.dim, process, None, n_components=1).eval()
    return denoiser, build_sampler(config), target.dim


@pytest.mark.parametrize("experiment", ["gl_d8", "ising_d16", "potts_d32", "gray_2spirals"])
def test_samples_are_the_same(experiment, played):
    assert torch.equal(*drawn(*denoiser_of(experiment, None), "cpu"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("experiment", ["gl_d8", "ising_d16", "potts_d32", "gray_2spirals"])
def test_samples_are_the_same_on_a_gpu(experiment):
    assert torch.equal(*drawn(*denoiser_of(experiment, None), "cuda"))


def drawn(denoiser, sampler, dim, device):
    """Samples without graphs and with them, the last chunk of a size of its own."""
    denoiser.to(device)
    for asked in (False, True):
        generator = keyed_generator(0, "samples", device=device)
        with replayed(denoiser.net, asked):
            yield sampler.sample(denoiser, 7, dim, generator, 4)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_a_network_reads_no_value_back(model):
    """Among tensors without values, where reading one is an error, as is a hidden constant."""
    denoiser, sampler, dim = denoiser_of(EXPERIMENTS.get(model, MODELS[model]), model)
    net, asked = denoiser.net, []
    net.register_forward_pre_hook(lambda net, inputs: asked.append(inputs))
    try_sampler(sampler, denoiser, dim)
    with FakeTensorMode() as mode, torch.no_grad():
        own = (*net.named_parameters(), *net.named_buffers())
        state = {name: mode.from_tensor(x) for name, x in own}
        answer = functional_call(net, state, tuple(mode.from_tensor(x) for x in asked[0]))
        with pytest.raises(DataDependentOutputException):
            answer.sum().item()
