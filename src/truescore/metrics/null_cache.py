"""Null draws kept between calls and between runs."""

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from truescore.targets import Observable, Target

log = logging.getLogger(__name__)

# Raise when draws of the same name would come out differently.
VERSION = 1

_memory: dict[str, dict[str, Tensor]] = {}


def folder() -> Path:
    """``$TRUESCORE_CACHE``, or ``~/.cache/truescore``."""
    return Path(os.environ.get("TRUESCORE_CACHE") or Path.home() / ".cache" / "truescore")


def key(target: Target, observables: Sequence[Observable], n: int, n_null: int, seed: int) -> str:
    """Hash of all that decides the draws.

    Exact values are part of it: two laws that share a class and parameters, or one whose definition
    has changed, do not share draws.
    """
    plain = {
        "version": VERSION,
        "torch": torch.__version__,
        "law": f"{type(target).__module__}.{type(target).__qualname__}",
        "parameters": target.parameters(),
        "sizes": [n, n_null, seed],
        "observables": [[o.name, o.norm] for o in observables],
    }
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True, default=repr).encode())
    for observable in observables:
        digest.update(observable.exact.double().contiguous().numpy().tobytes())
    return digest.hexdigest()[:32]


def load(name: str, expected: Sequence[str], n_null: int) -> dict[str, Tensor] | None:
    """The draws stored under ``name``; ``None`` if there are none, or none that can be trusted."""
    if name in _memory:
        return _memory[name]
    path = _path(name)
    if not path.is_file():
        return None
    try:
        draws = load_file(path)
    except (OSError, SafetensorError, ValueError) as error:
        log.warning("%s cannot be read (%s): drawing again", path, error)
        return None
    sound = draws.keys() == set(expected) and all(
        x.shape == (n_null,) and x.dtype == torch.float64 and bool(x.isfinite().all())
        for x in draws.values()
    )
    if not sound:
        log.warning("%s does not hold what its name promises: drawing again", path)
        return None
    _memory[name] = draws
    return draws


def store(name: str, draws: dict[str, Tensor]) -> None:
    """Keep ``draws``; a disk that cannot be written costs time later, never the result."""
    _memory[name] = draws
    path = _path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        os.close(handle)
        try:
            save_file(draws, temporary)
            os.replace(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except (OSError, SafetensorError) as error:
        log.warning("null draws are not kept: %s; set TRUESCORE_CACHE to a folder of yours", error)


def _path(name: str) -> Path:
    return folder() / f"null-{name}.safetensors"
