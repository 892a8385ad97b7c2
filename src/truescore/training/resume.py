"""Resuming: the checkpoint must be whole, and of the same training."""

import shutil
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ModelCheckpoint

from truescore.config.digest import used
from truescore.errors import UserError
from truescore.runs import read_checkpoint
from truescore.training.module import CONVERGED

KEY = "truescore_config"
# Differences that are told; a checkpoint of another law has dozens.
SHOWN = 4
# What decides the weights at a step; the rest may change between a kill and its resumption.
TRAINING = ("seed", "dataset", "sde", "model", "loss", "trainer", "callbacks")
FREE = (
    *("accelerator", "devices", "num_nodes", "threads", "compile", "cuda_graphs"),
    *("profiler", "progress_bar", "state_space"),
)


def training_config(config: dict[str, Any]) -> dict[str, Any]:
    """The values of a configuration that decide the weights, flat: ``dataset.dim`` -> 64."""
    flat: dict[str, Any] = {}

    def walk(node: Any, path: str) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if key not in FREE:
                    walk(value, f"{path}.{key}")
        else:
            flat[path] = node

    config = used(config)
    for section in TRAINING:
        walk(config[section], section)
    return flat


def check_resumable(file: Path, config: dict[str, Any]) -> None:
    """Refuse a checkpoint that is broken, not of a training, or of another training."""
    checkpoint = read_checkpoint(file)
    stored = checkpoint.get(KEY)
    if stored is None:
        raise UserError(f"got ckpt_path={file}, which no training of truescore wrote: use one")
    current = training_config(config)
    different = [
        f"{key}={stored.get(key)} there and {current.get(key)} here"
        for key in sorted(stored.keys() | current.keys())
        if stored.get(key) != current.get(key)
    ]
    if different:
        others = len(different) - SHOWN
        shown = different[:SHOWN] + ([f"{others} more"] if others > 0 else [])
        raise UserError(
            f"got ckpt_path={file} of another training: {'; '.join(shown)};"
            " give the same values or start afresh without ckpt_path"
        )
    done = checkpoint.get("global_step", 0)
    if checkpoint.get(CONVERGED) or done >= config["trainer"]["max_steps"]:
        raise UserError(
            f"got ckpt_path={file} of a training that is complete ({done} steps): nothing to"
            " resume; judge it with scripts/evaluate.py or start afresh without ckpt_path"
        )


def carry_best_over(file: Path, trainer: pl.Trainer) -> None:
    """Give a resumed run, in a folder of its own, the best checkpoint that there was so far.

    Lightning forgets the best score when the folder changes.
    """
    stored = read_checkpoint(file).get("callbacks", {})
    for callback in trainer.checkpoint_callbacks:
        if isinstance(callback, ModelCheckpoint) and callback.monitor is not None:
            state = stored.get(callback.state_key, {})
            score, old = state.get("best_model_score"), file.parent / "best.ckpt"
            if score is None or callback.dirpath is None or not old.is_file():
                continue
            new = Path(callback.dirpath) / old.name
            new.parent.mkdir(parents=True, exist_ok=True)
            if new.resolve() != old.resolve():
                shutil.copyfile(old, new)
            callback.best_model_path = callback.kth_best_model_path = str(new)
            callback.best_model_score = callback.kth_value = score
            callback.best_k_models = {str(new): score}
