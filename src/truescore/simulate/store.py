"""Simulated data on disk, made once and mapped into memory."""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout
from torch import Tensor

from truescore.errors import UserError
from truescore.metrics import null_cache
from truescore.targets import Target

log = logging.getLogger(__name__)

# Raise when data of the same name would come out differently.
VERSION = 1
ITEM = np.dtype("<f4")


def folder() -> Path:
    """``datasets`` in the cache, ``$TRUESCORE_CACHE`` or ``~/.cache/truescore``."""
    return null_cache.folder() / "datasets"


def key(target: Target, settings: Mapping[str, Any], n: int, seed: int, purpose: str) -> str:
    """Hash of all that decides the data.

    The density at a few points is part of it: a law whose definition has changed, under the same
    class and parameters, does not share data.

    Args:
        target: the law.
        settings: plain values of the simulator.
        n: number of samples.
        seed: of the run.
        purpose: name of the random stream.
    """
    points = torch.randn(4, target.dim, generator=torch.Generator().manual_seed(0)) / 2
    if target.state_space == "spin":
        points = points.sign()
    plain = {
        "version": VERSION,
        "torch": torch.__version__,
        "law": f"{type(target).__module__}.{type(target).__qualname__}",
        "parameters": target.parameters(),
        # Nine digits: the last ones depend on the number of threads.
        "density": [f"{value:.9e}" for value in target.log_prob(points).tolist()],
        "simulator": dict(settings),
        "data": [n, target.dim, seed, purpose],
    }
    text = json.dumps(plain, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def dataset(name: str, n: int, dim: int, blocks: Callable[[], Iterable[Tensor]]) -> np.ndarray:
    """The data stored under ``name``, float32 ``(n, dim)``, mapped; made first if need be.

    What is made goes to disk block by block, so memory holds one block at a time. A file is used
    if its checksum is right, and made again if not. Of several processes that want the same data
    one makes them and the others wait; the lock falls with the process that holds it, and what was
    half written is overwritten by the next.

    Args:
        name: key of the data.
        n: number of rows.
        dim: number of columns.
        blocks: gives the rows, ``(any, dim)`` at a time; called only if they must be made.

    Raises:
        UserError: if the cache cannot be written, or has no room.
    """
    path = folder() / f"{name}.npy"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not _is_sound(path, n, dim):
            with _locked(path.with_suffix(".lock")):
                # Another process may have made them while this one waited.
                if not _is_sound(path, n, dim):
                    _make(path, n, dim, blocks)
    except OSError as error:
        raise UserError(
            f"got no access to {error.filename or path} ({error.strerror}):"
            " set TRUESCORE_CACHE to a folder of yours with room for the data"
        ) from error
    # Private copies of the pages that somebody writes to: torch wants writable memory, and the
    # file must never change.
    return np.load(path, mmap_mode="c")


def _make(path: Path, n: int, dim: int, blocks: Callable[[], Iterable[Tensor]]) -> None:
    size = n * dim * ITEM.itemsize
    free = shutil.disk_usage(path.parent).free
    if size > free:
        raise UserError(
            f"got {free / 1e9:.2g} GB free in {path.parent}, expected {size / 1e9:.2g} GB:"
            " set TRUESCORE_CACHE to a larger disk"
        )
    record, partial = path.with_suffix(".json"), path.with_suffix(".partial")
    record.unlink(missing_ok=True)
    with partial.open("wb") as stream:
        header = {"descr": ITEM.str, "fortran_order": False, "shape": (n, dim)}
        np.lib.format.write_array_header_1_0(stream, header)
        for block in blocks():
            stream.write(block.numpy().astype(ITEM).tobytes())
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, path)
    # Last, so that data without a record are data that were not finished.
    _write_whole(record, {"n": n, "dim": dim, "checksum": _checksum(path)})


def _write_whole(path: Path, content: dict[str, Any]) -> None:
    partial = path.with_suffix(".json.partial")
    partial.write_text(json.dumps(content))
    os.replace(partial, path)


def _is_sound(path: Path, n: int, dim: int) -> bool:
    """Whether the data are finished and what their record says; a warning if only the former."""
    record = path.with_suffix(".json")
    if not record.is_file():
        return False
    try:
        expected = {"n": n, "dim": dim, "checksum": _checksum(path)}
        if json.loads(record.read_text()) == expected:
            return True
    except (FileNotFoundError, json.JSONDecodeError):
        pass
    log.warning("%s does not hold what its record says: simulating again", path)
    return False


def _checksum(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "blake2b").hexdigest()


def _locked(path: Path) -> FileLock:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
        lock.release()
    except Timeout:
        log.info("another process is simulating these data: waiting for it (%s)", path)
    return lock
