"""The run's own configuration trained again, on data that leave one cause of error out."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from truescore.config import config_hash
from truescore.errors import UserError
from truescore.files import SUMMARY
from truescore.runs import Run, load_run

log = logging.getLogger("truescore")
# Entries of a data set in float32, 1 GiB: a longer training passes over it more than once.
MOST_ENTRIES = 2**28


def unlimited_data(config: Mapping[str, Any], dim: int) -> dict[str, Any]:
    """The configuration with as many exact samples as training draws: each is seen once."""
    dataset = config["dataset"]
    drawn = config["trainer"]["max_steps"] * dataset["batch_size"]
    n_train = max(dataset["n_train"], min(drawn, MOST_ENTRIES // dim))
    return _on(config, "unlimited", {"n_train": n_train, "simulator": "exact"})


def exact_data(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with as many exact samples as there were simulated ones."""
    return _on(config, "exact_data", {"simulator": "exact"})


def retrained(config: dict[str, Any], folder: Path, seconds: float) -> Run:
    """The run of a configuration in a folder, trained there unless it already was.

    Args:
        config: from ``unlimited_data`` or ``exact_data``.
        folder: of the new run.
        seconds: what the first training took, for the message.

    Raises:
        UserError: if the folder holds a run of another configuration.
    """
    # Training is imported by those who train.
    from truescore.training.run import train

    if (folder / SUMMARY).is_file():
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        if summary["config_hash"] != config_hash(config):
            raise UserError(
                f"got {folder}, a run of another configuration, expected that of this run:"
                " remove the folder"
            )
        log.info("already trained: %s", folder)
        return load_run(folder)
    folder.mkdir(parents=True, exist_ok=True)
    log.info(
        "training again on %s exact samples, about %.0f s: %s",
        f"{config['dataset']['n_train']:,}",
        seconds,
        folder,
    )
    train(OmegaConf.create(config), folder)
    return load_run(folder)


def check_retraining(config: Mapping[str, Any]) -> None:
    """Raise ``UserError`` if the run's training cannot be given other data."""
    if config["dataset"].get("forward") == "trajectory":
        raise UserError(
            "got a run with dataset.forward=trajectory, whose stored paths of unlimited data would"
            " not fit a disk, expected simulation_free: use train=false"
        )


def _on(config: Mapping[str, Any], name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    # One process trains again, here, however many did elsewhere.
    accelerator = "auto" if config["trainer"].get("accelerator") == "gpu" else "cpu"
    return {
        **config,
        "name": f"{config['name']}_{name}",
        "dataset": {**config["dataset"], **data},
        "trainer": config["trainer"] | {"accelerator": accelerator, "devices": 1, "num_nodes": 1},
        "ckpt_path": None,
    }
