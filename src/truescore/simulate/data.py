"""Data from Langevin dynamics, simulated once and kept on disk."""

import logging
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from hydra.utils import get_class
from rich.console import Console
from rich.progress import Progress
from torch import Tensor

from truescore.randomness import keyed_generator
from truescore.simulate import store
from truescore.simulate.simulation import Simulation
from truescore.targets import Target

log = logging.getLogger(__name__)

INTEGRATORS = {
    "strang": "truescore.simulate.Strang",
    "mala": "truescore.simulate.MALA",
    "euler_maruyama": "truescore.simulate.EulerMaruyama",
    "leimkuhler_matthews": "truescore.simulate.LeimkuhlerMatthews",
    "tamed_euler": "truescore.simulate.TamedEuler",
}


def build_simulation(target: Target, settings: Mapping[str, Any]) -> Simulation:
    """The simulation of a law that ``dataset.langevin`` describes.

    A law in a box keeps its chains inside by rejecting moves where the integrator is exact, which
    it remains, and by mirrors where it is not.
    """
    integrator = get_class(INTEGRATORS[settings["integrator"]])(target, settings["dt"])
    if (half_width := _half_width(target)) is not None:
        rule = "rejecting" if integrator.exact else "reflecting"
        integrator = get_class("truescore.simulate.Box")(integrator, half_width, rule)
    return Simulation(integrator, settings["n_chains"], settings["burn_in"], settings["thin"])


def simulated_data(
    target: Target, settings: Mapping[str, Any], n: int, seed: int, purpose: str
) -> Tensor:
    """``n`` samples of a law by Langevin dynamics, ``(n, d)``, mapped from disk.

    Row i is of chain i mod min(n_chains, n).

    Args:
        target: the law, of reals.
        settings: ``dataset.langevin`` of a configuration: integrator, dt, n_chains, start, burn_in,
            thin.
        n: number of samples.
        seed: of the run.
        purpose: name of the random stream, such as ``"training data"``.

    Raises:
        UserError: if the law cannot be simulated so, a chain diverges or the disk is full.
    """
    simulation = build_simulation(target, settings)
    name = store.key(target, settings, n, seed, purpose)

    def blocks() -> Iterator[Tensor]:
        generator = keyed_generator(seed, purpose)
        chains, steps = simulation.chains(n), simulation.n_steps(n)
        start = torch.zeros(chains, target.dim, dtype=torch.float64)
        # Data from before there was a choice have no such key.
        if settings.get("start", "normal") == "normal":
            start = torch.randn(start.shape, dtype=torch.float64, generator=generator)
        if (half_width := _half_width(target)) is not None:
            start = start.clamp(-half_width, half_width)
        log.info(
            "simulating %s of %s: %s samples by %s, %s chains of %s steps",
            purpose,
            type(target).__name__,
            f"{n:,}",
            settings["integrator"],
            f"{chains:,}",
            f"{steps:,}",
        )
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as shown:
            task = shown.add_task(purpose, total=steps)
            yield from simulation.blocks(
                n, target.dim, generator, start, lambda taken: shown.advance(task, taken)
            )

    data = torch.from_numpy(store.dataset(name, n, target.dim, blocks))
    log.info("%s: %s", purpose, store.folder() / f"{name}.npy")
    return data


def _half_width(target: Target) -> float | None:
    return getattr(target, "half_width", None)
