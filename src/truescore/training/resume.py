"""Resuming: the checkpoint must be whole, and of the same training."""

from pathlib import Path
from typing import Any

from truescore.errors import UserError
from truescore.runs import read_checkpoint

KEY = "truescore_config"
# What decides the weights at a step; the rest may change between a kill and its resumption.
TRAINING = ("seed", "dataset", "sde", "model", "loss", "trainer", "callbacks")
FREE = ("accelerator", "devices", "progress_bar")


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
        raise UserError(
            f"got ckpt_path={file} of another training: {'; '.join(different)};"
            " give the same values or start afresh without ckpt_path"
        )
