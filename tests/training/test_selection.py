"""Which validated weights a run keeps."""

from types import SimpleNamespace

import pytest
import torch

from truescore.training.selection import LastUnlessWorse

N = 400


@pytest.fixture
def losses():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(N, generator=generator), torch.randn(N, generator=generator)


def kept(selection, losses):
    strategy = SimpleNamespace(reduce_boolean_decision=bool)
    module = SimpleNamespace(held_out_losses=losses)
    trainer = SimpleNamespace(lightning_module=module, strategy=strategy)
    return selection.check_monitor_top_k(trainer, losses.mean())


def test_later_weights_are_kept_unless_they_are_clearly_worse(losses, tmp_path):
    first, noise = losses
    noise = noise - noise.mean()
    error = float(noise.std()) / N**0.5
    selection = LastUnlessWorse(dirpath=tmp_path, monitor="val/loss")
    assert kept(selection, first)
    assert kept(selection, first + noise + 1.9 * error)
    assert not kept(selection, first + noise + 2.1 * error)
    assert kept(selection, first - 1.0)
    assert not kept(selection, first)


def test_small_steps_uphill_do_not_add_up(losses, tmp_path):
    first, noise = losses
    noise = noise - noise.mean()
    error = float(noise.std()) / N**0.5
    selection = LastUnlessWorse(dirpath=tmp_path, monitor="val/loss")
    climb = [kept(selection, first + k * 0.6 * error + (noise if k else 0)) for k in range(6)]
    assert climb == [True, True, True, True, False, False]


def test_the_least_losses_survive_a_checkpoint(losses, tmp_path):
    first, _ = losses
    selection = LastUnlessWorse(dirpath=tmp_path, monitor="val/loss")
    kept(selection, first)
    resumed = LastUnlessWorse(dirpath=tmp_path, monitor="val/loss")
    resumed.load_state_dict(selection.state_dict())
    assert not kept(resumed, first + 1.0)
    assert kept(resumed, first)
