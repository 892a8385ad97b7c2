"""The name of a result: a hash of everything in a configuration that changes it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from truescore.config.schema.dataset import SECTIONS

# Where a run stands, how it was started and how fast it goes leave its numbers as they are.
NOT_THE_RESULT = frozenset(
    {
        "hydra",
        "name",
        "ckpt_path",
        "study",
        "trainer.accelerator",
        "trainer.devices",
        "trainer.num_nodes",
        "trainer.threads",
        "trainer.compile",
        "trainer.cuda_graphs",
        "trainer.profiler",
        "callbacks.progress_bar",
    }
)


def config_hash(config: DictConfig | Mapping[str, Any]) -> str:
    """The first 16 hex digits of the SHA-256 of what changes the result.

    The configuration is resolved, stripped of `NOT_THE_RESULT` and written as JSON with sorted
    keys; a whole number is written alike as ``8`` and ``8.0``. Two runs with the same hash, the
    same code and the same device, compiled alike, draw the same samples.
    """
    if isinstance(config, DictConfig):
        # Without the launcher's section, whose values exist only while it runs.
        config = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
        plain = OmegaConf.to_container(config, resolve=True)
    else:
        plain = config
    text = json.dumps(
        _canonical(used(plain)), sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def used(plain: Any) -> Any:
    """Without the descriptions of simulators and trajectories that are not used."""
    dataset = plain.get("dataset")
    if not isinstance(dataset, Mapping):
        return plain
    unused = set(SECTIONS.values()) - {SECTIONS.get(str(dataset.get("simulator")))}
    if dataset.get("forward") != "trajectory":
        unused |= {"forward", "trajectory"}
    return {**plain, "dataset": {k: v for k, v in dataset.items() if k not in unused}}


def _canonical(value: Any, path: str = "") -> Any:
    if isinstance(value, Mapping):
        paths = {key: f"{path}.{key}".lstrip(".") for key in value}
        return {
            str(key): _canonical(item, paths[key])
            for key, item in value.items()
            if paths[key] not in NOT_THE_RESULT
        }
    if isinstance(value, list | tuple):
        return [_canonical(item, path) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
