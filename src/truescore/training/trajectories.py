"""Stored forward trajectories: noisy points that were simulated, served with their times.

The other way, ``dataset.forward=simulation_free``, draws x_t from x_0 at once when it is needed.
"""

import shutil
import tempfile
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from truescore.errors import UserError
from truescore.processes import DiscreteProcess
from truescore.simulate import store


class Noised(NamedTuple):
    """A batch of noisy points ``(n, d)`` and their times ``(n,)``."""

    x_t: Tensor
    t: Tensor


def layer_times(process: DiscreteProcess, step: float) -> Tensor:
    """Times of the stored layers, ``(k,)`` float32: t_min, h, 2h, ..., and T.

    The first is t_min and not 0, because networks see log t.

    Raises:
        UserError: the step does not lie between t_min and T.
    """
    if not process.t_min < step < process.horizon:
        raise UserError(
            f"got dataset.trajectory.step={step:g}, expected more than sde.t_min={process.t_min:g}"
            f" and less than the horizon T = {process.horizon:.4g}: change it"
        )
    inside = torch.arange(step, process.horizon - step / 2, step, dtype=torch.float64)
    ends = torch.tensor([process.t_min, process.horizon], dtype=torch.float64)
    return torch.cat([ends[:1], inside, ends[1:]]).float()


class ForwardTrajectories(Dataset[Noised]):
    """One forward path of every training point, a layer at each of ``layer_times``.

    Layers lie in an unnamed file in the cache's folder, int8, which goes when the process ends, in
    whatever way: (T/h + 1) n d bytes on disk. Memory holds a layer while they are made, and the
    pages that are being read afterwards.

    Args:
        process: forward process.
        x_0: training points, ``(n, d)``.
        step: h, time between two layers.
        generator: source of the noise.

    Raises:
        UserError: an impossible step, or no room on the disk.
    """

    def __init__(
        self, process: DiscreteProcess, x_0: Tensor, step: float, generator: torch.Generator
    ) -> None:
        self.times = layer_times(process, step)
        self.layers = _map_new_file((len(self.times), *x_0.shape))
        for k, x_t in enumerate(process.trajectory(x_0, self.times, generator)):
            self.layers[k] = x_t.to(torch.int8).numpy()

    def __getitem__(self, index: tuple[Tensor, Tensor]) -> Noised:
        """Points of some rows, each at a layer of its own."""
        rows, layers = index
        x_t = torch.from_numpy(self.layers[layers.numpy(), rows.numpy()])
        return Noised(x_t.float(), self.times[layers])

    def __len__(self) -> int:
        return self.layers.shape[0] * self.layers.shape[1]


def _map_new_file(shape: tuple[int, ...]) -> np.ndarray:
    folder, size = store.folder(), int(np.prod(shape))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if size > free:
            raise UserError(
                f"got {free / 1e9:.2g} GB free in {folder}, expected {size / 1e9:.2g} GB for"
                " forward trajectories: raise dataset.trajectory.step, set TRUESCORE_CACHE to a"
                " larger disk or use dataset.forward=simulation_free"
            )
        with tempfile.TemporaryFile(dir=folder) as file:
            return np.memmap(file, dtype=np.int8, mode="w+", shape=shape)
    except OSError as error:
        raise UserError(
            f"got no access to {error.filename or folder} ({error.strerror}):"
            " set TRUESCORE_CACHE to a folder of yours with room for the data"
        ) from error
