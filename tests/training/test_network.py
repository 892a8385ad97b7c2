"""Faster training steps: what they change, and that whatever judges does not see them."""

from copy import deepcopy

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from truescore.build import build
from truescore.runs import read_checkpoint
from truescore.training import module
from truescore.training.network import as_it_stands, speed_up
from truescore.training.run import prepare
from truescore.training.trainer import build_trainer

from .conftest import small_config

MODELS = (
    *("leave_one_out", "leave_one_out_messages", "leave_one_out_mlp", "leave_one_out_pyramid"),
    *("hollow_transformer", "masked_mlp", "rot_conv_film"),
    *("chain_net", "mlp", "residual_mlp", "unet", "plain_cnn"),
)


def network(model):
    law = "dataset=ginzburg_landau" if model in MODELS[7:] else "dataset=ising_ring"
    config = OmegaConf.to_container(small_config("ising_d16", f"model={model}", law), resolve=True)
    torch.manual_seed(0)
    net = build(config["model"]["net"], dim=16)
    for parameter in net.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)  # last layers start at zero
    shape = (5, 16, 3) if model == "chain_net" else (5, 16)
    return net, torch.randn(shape).sign(), torch.linspace(-3, 1, 5)


@pytest.mark.parametrize("model", MODELS)
def test_bfloat16_is_for_training_alone(model):
    net, x, level = network(model)
    exact = net(x, level)
    speed_up(net, "bf16-mixed", compiled=False)
    answer = net.train()(x, level)
    answer.square().mean().backward()
    assert answer.dtype == torch.float32
    error = (answer - exact).norm() / exact.norm()
    assert 1e-5 < error < 0.05  # the unit of bfloat16 is 2^-8
    gradients = [p.grad for p in net.parameters() if p.grad is not None]
    assert all(g.dtype == torch.float32 and g.isfinite().all() for g in gradients)
    assert torch.equal(net.eval()(x, level), exact)


def test_a_deep_copy_has_its_own_weights():
    net, x, level = network("mlp")
    speed_up(net, "bf16-mixed", compiled=False)
    copy = deepcopy(net)
    for parameter in copy.parameters():
        parameter.data.zero_()
    assert copy(x, level).abs().max() == 0 < net(x, level).abs().max()


def fitted(folder, *overrides, ckpt_path=None):
    """The last checkpoint of a small training without a judgement at its end."""
    config = OmegaConf.to_container(small_config("ising_d16", *overrides), resolve=True)
    ready, data, _ = prepare(config)
    trainer = build_trainer(config, folder)
    trainer.fit(ready, datamodule=data, ckpt_path=ckpt_path, weights_only=True)
    return read_checkpoint(folder / "checkpoints" / "last.ckpt")


def equal(first, second):
    assert first.keys() == second.keys()
    return all(torch.equal(first[key], second[key]) for key in first)


def test_a_resumed_run_in_bfloat16_has_the_same_bits(tmp_path, monkeypatch, without_figures):
    mixed = "trainer.precision=bf16-mixed"
    whole = fitted(tmp_path / "whole", mixed)
    step = module.ScoreModule.training_step

    def killed(self, batch, batch_idx):
        if self.global_step == 6:
            raise MemoryError("killed")
        return step(self, batch, batch_idx)

    monkeypatch.setattr(module.ScoreModule, "training_step", killed)
    with pytest.raises(MemoryError):
        fitted(tmp_path / "killed", mixed)
    monkeypatch.setattr(module.ScoreModule, "training_step", step)
    last = tmp_path / "killed" / "checkpoints" / "last.ckpt"
    pieced = fitted(tmp_path / "pieced", mixed, ckpt_path=last)
    exact = fitted(tmp_path / "exact")
    for name in ("current_model_state", "state_dict", "averaging_state"):
        assert equal(whole[name], pieced[name])
    assert all(v.dtype == torch.float32 for v in whole["state_dict"].values())
    assert not equal(whole["state_dict"], exact["state_dict"])


def test_compiled_are_training_steps_alone(tmp_path, monkeypatch, without_figures):
    """By a compiler that changes nothing: the same bits, the same checkpoint, one shape."""
    asked = []

    def compiler(graph, inputs):
        asked.append([i.shape for i in inputs if i.ndim == 2 and not isinstance(i, nn.Parameter)])
        return graph.forward

    compile_module = nn.Module.compile
    monkeypatch.setattr(
        nn.Module, "compile", lambda net, **kwargs: compile_module(net, backend=compiler, **kwargs)
    )
    compiled = fitted(tmp_path / "compiled", "trainer.compile=true")
    plain = fitted(tmp_path / "plain")
    assert equal(compiled["state_dict"], plain["state_dict"])
    assert sum(shapes.count((50, 16)) for shapes in asked) == 1
    assert compiled["truescore_config"] == plain["truescore_config"]


def test_nothing_is_compiled_where_it_is_judged():
    calls = []

    def compiler(graph, inputs):
        calls.append(graph)
        return graph.forward

    net, x, level = network("mlp")
    net.compile(backend=compiler)
    with as_it_stands(compiled=True):
        net(x, level)
    assert not calls
    net(x, level)
    assert len(calls) == 1


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_compiled_network_learns_alike(precision):
    net, x, level = network("mlp")
    exact = net(x, level)
    speed_up(net, precision, compiled=True)
    answer = net(x, level)
    answer.sum().backward()
    error = (answer - exact).norm() / exact.norm()
    assert error < (1e-5 if precision == "32-true" else 0.05)


@pytest.mark.parametrize("name", ["simple", "advanced"])
def test_a_profile_lies_in_the_folder(name, tmp_path, without_figures):
    fitted(tmp_path, f"trainer.profiler={name}")
    assert "training_step" in (tmp_path / "profile" / "fit-steps.txt").read_text()


@pytest.mark.slow
def test_a_trace_lies_in_the_folder(tmp_path, without_figures):
    fitted(tmp_path, "trainer.profiler=pytorch")
    assert "Self CPU time total" in (tmp_path / "profile" / "fit-steps.txt").read_text()
    assert list((tmp_path / "profile").glob("*.json"))
