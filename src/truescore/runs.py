"""A run's folder, and what it gives back to Python."""

import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from omegaconf import OmegaConf
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from truescore.build import build_denoiser, build_process, build_sampler, build_target
from truescore.denoisers import Denoiser
from truescore.errors import UserError
from truescore.files import CONFIG
from truescore.processes import Process
from truescore.randomness import keyed_generator
from truescore.samplers import Sampler
from truescore.targets import Target

SAMPLES = "samples.safetensors"
PREFIX = "denoiser."


@dataclass(frozen=True)
class Run:
    """A finished run: the trained denoiser and all it was trained with.

    Attributes:
        path: the run's folder.
        config: its resolved configuration.
        target: the law.
        process: the forward process.
        denoiser: the network with averaged weights, in evaluation mode.
        sampler: the run's sampler.
    """

    path: Path
    config: dict[str, Any]
    target: Target
    process: Process
    denoiser: Denoiser
    sampler: Sampler

    def sample(self, n: int, seed: int = 0) -> Tensor:
        """Draw ``n`` points ``(n, d)`` from the trained model."""
        generator = keyed_generator(seed, "samples")
        chunk_size = self.config["sampler"]["chunk_size"]
        return self.sampler.sample(self.denoiser, n, self.target.dim, generator, chunk_size)


def load_run(path: str | Path, checkpoint: Literal["best", "last"] = "best") -> Run:
    """Give back the denoiser, process, target and sampler of a run's folder.

    Args:
        path: the folder, such as ``outputs/ising_d64/2026-01-01_12-00-00_000000``.
        checkpoint: ``best`` by validation loss, or ``last``.

    Raises:
        UserError: if the folder, its configuration or the checkpoint is missing or broken.
    """
    path = Path(path)
    config = read_config(path)
    target = build_target(config)
    process = build_process(config, target.dim, target.n_states)
    state = read_checkpoint(path / "checkpoints" / f"{checkpoint}.ckpt")["state_dict"]
    weights = {k.removeprefix(PREFIX): v for k, v in state.items() if k.startswith(PREFIX)}
    n_components = len(weights.get("skip_weights", ()))
    denoiser = build_denoiser(config, target.dim, process, None, n_components)
    try:
        denoiser.load_state_dict(weights)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise UserError(
            f"got weights in {path} that do not fit its config.yaml: {reason}"
        ) from error
    return Run(path, config, target, process, denoiser.eval(), build_sampler(config))


def read_config(path: Path) -> dict[str, Any]:
    """The resolved configuration of a run's folder."""
    file = path / CONFIG
    if not file.is_file():
        raise UserError(f"got run={path}, which has no {CONFIG}: name a folder that a run wrote")
    return dict(OmegaConf.to_container(OmegaConf.load(file), resolve=True))  # type: ignore[arg-type]


def read_checkpoint(file: Path) -> dict[str, Any]:
    """A checkpoint's contents, loaded as plain data on the CPU."""
    if not file.is_file():
        raise UserError(f"got checkpoint {file}, which does not exist: name one that a run wrote")
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, KeyError, OSError) as error:
        raise UserError(
            f"got checkpoint {file}, which is truncated or not a checkpoint: use another one"
        ) from error


def write_samples(file: Path, samples: Tensor, note: Mapping[str, str] | None = None) -> None:
    """Save samples ``(n, d)`` under the key ``samples``, with a note on how they were drawn."""
    partial = file.with_suffix(".part")
    save_file({"samples": samples.contiguous()}, partial, dict(note or {}))
    partial.chmod(0o644)  # which it makes for its owner alone
    os.replace(partial, file)


def read_note(file: Path) -> dict[str, str]:
    """The note that ``write_samples`` left; empty for samples of another origin."""
    if file.suffix != ".safetensors":
        return {}
    with safe_open(file, "pt") as stream:
        return stream.metadata() or {}


def read_samples(file: Path) -> Tensor:
    """Samples ``(n, d)`` from .safetensors (key ``samples``), .npy, .pt or text with one row each.

    Raises:
        UserError: if the file is missing, of another kind, or not a table of numbers.
    """
    import numpy as np

    if not file.is_file():
        raise UserError(f"got samples={file}, which does not exist: name a file")
    try:
        if file.suffix == ".safetensors":
            tensors = load_file(file)
            if set(tensors) != {"samples"}:
                keys = ", ".join(sorted(tensors)) or "none"
                raise UserError(
                    f"got samples={file} with keys {keys}, expected the key samples alone"
                )
            samples = tensors["samples"]
        elif file.suffix == ".npy":
            samples = torch.from_numpy(np.load(file, allow_pickle=False))
        elif file.suffix in (".pt", ".pth"):
            samples = torch.load(file, map_location="cpu", weights_only=True)
        elif file.suffix in (".csv", ".txt"):
            delimiter = "," if file.suffix == ".csv" else None
            samples = torch.from_numpy(np.loadtxt(file, delimiter=delimiter, ndmin=2))
        else:
            raise UserError(
                f"got samples={file}, expected .safetensors (key samples), .npy, .pt, .csv or .txt"
            )
    except (
        SafetensorError,
        ValueError,
        KeyError,
        RuntimeError,
        EOFError,
        pickle.UnpicklingError,
    ) as e:
        if isinstance(e, UserError):
            raise
        raise UserError(
            f"got samples={file}, which cannot be read: {str(e).splitlines()[0]};"
            " expected a sample a row and a site a column, without a header"
        ) from e
    if not isinstance(samples, Tensor) or samples.ndim != 2 or len(samples) < 2:
        shape = tuple(samples.shape) if isinstance(samples, Tensor) else type(samples).__name__
        raise UserError(f"got samples={file} of shape {shape}, expected a table (n, d), n >= 2")
    return samples
