"""The average of weights, against its formula."""

import pytest
import torch
from omegaconf import OmegaConf
from pytorch_lightning.callbacks import Callback

from truescore.runs import read_checkpoint
from truescore.training.run import prepare
from truescore.training.trainer import build_trainer

from .conftest import small_config


class Weights(Callback):
    def __init__(self):
        self.seen = []

    def on_train_batch_end(self, trainer, pl_module, *args):
        self.seen.append([p.detach().double().clone() for p in pl_module.parameters()])


@pytest.mark.parametrize("decay", [0.0, 0.35, 0.999])
def test_the_average_follows_its_formula(decay, tmp_path, without_figures):
    """From the first weights on, with the decay min(decay, (1 + n)/(10 + n)) after n steps."""
    config = small_config("ising_d16", f"callbacks.ema_decay={decay}")
    plain = OmegaConf.to_container(config, resolve=True)
    module, data, _ = prepare(plain)
    weights = Weights()
    build_trainer(plain, tmp_path, weights).fit(module, datamodule=data)
    average = weights.seen[0]
    for n, current in enumerate(weights.seen[1:], 1):
        past = min(decay, (1 + n) / (10 + n))
        average = [past * a + (1 - past) * c for a, c in zip(average, current, strict=True)]
    checkpoint = read_checkpoint(tmp_path / "checkpoints" / "last.ckpt")
    assert len(weights.seen) == 8 == checkpoint["averaging_state"]["n_averaged"]
    names = [name for name, _ in module.named_parameters()]
    for name, value in zip(names, average, strict=True):
        torch.testing.assert_close(checkpoint["state_dict"][name].double(), value)
