"""Data from Langevin dynamics or Markov chains of spins, simulated once and kept on disk."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from hydra.utils import get_class
from rich.console import Console
from rich.progress import Progress
from torch import Tensor

from truescore.errors import UserError
from truescore.randomness import keyed_generator
from truescore.simulate import (
    Box,
    GlobalFlip,
    Integrator,
    ParallelTempering,
    elastic_preconditioner,
    store,
)
from truescore.simulate.simulation import Simulation
from truescore.targets import Target

if TYPE_CHECKING:
    from truescore.simulate.spins import SpinDynamics

log = logging.getLogger(__name__)

INTEGRATORS = {
    "strang": "truescore.simulate.Strang",
    "mala": "truescore.simulate.MALA",
    "euler_maruyama": "truescore.simulate.EulerMaruyama",
    "leimkuhler_matthews": "truescore.simulate.LeimkuhlerMatthews",
    "tamed_euler": "truescore.simulate.TamedEuler",
}


SPIN_DYNAMICS = ("glauber", "metropolis", "wolff", "checkerboard")

Start = Callable[[tuple[int, int], torch.Generator], Tensor]
START: dict[str, Start] = {
    "normal": lambda shape, g: torch.randn(shape, dtype=torch.float64, generator=g),
    "zero": lambda shape, g: torch.zeros(shape, dtype=torch.float64),
    "uniform": lambda shape, g: 2.0 * torch.randint(2, shape, generator=g) - 1,
    "up": lambda shape, g: torch.ones(shape),
}


def simulator_settings(dataset: Mapping[str, Any]) -> Mapping[str, Any]:
    """What moves the chains of the section ``dataset`` of a configuration, and for how long."""
    if dataset["simulator"] == "langevin":
        return dataset["langevin"]
    return {"integrator": dataset["simulator"], **dataset["markov_chain"]}


def build_simulation(target: Target, settings: Mapping[str, Any]) -> Simulation:
    """The simulation of a law that ``simulator_settings`` describe.

    Raises:
        UserError: if the law cannot be moved so.
    """
    times = settings["n_chains"], settings["burn_in"], settings["thin"]
    name = settings["integrator"]
    if name in SPIN_DYNAMICS:
        return Simulation(spin_dynamics(target, name), *times)
    integrator = build_integrator(target, settings)
    # Data from before there was a choice have neither key.
    if settings.get("flips"):
        integrator = GlobalFlip(integrator)
    if temperatures := settings.get("temperatures"):
        integrator = ParallelTempering(integrator, temperatures)
    return Simulation(integrator, *times)


def build_integrator(target: Target, settings: Mapping[str, Any]) -> Integrator:
    """What moves single chains of reals, within the law's box; no moves between wells.

    Raises:
        UserError: for a box without a rule or a rule without a box, or a preconditioner that is not
            for this integrator or law.
    """
    name, preconditioner = settings["integrator"], {}
    if settings.get("preconditioned"):
        if name != "mala":
            raise UserError(f"got {name} with a preconditioner, expected mala: choose it")
        preconditioner = {"preconditioner": elastic_preconditioner(target)}
    integrator = get_class(INTEGRATORS[name])(target, settings["dt"], **preconditioner)
    half_width = _half_width(target)
    # Data from before there was a choice have no such key.
    inferred = "none" if half_width is None else "rejecting" if integrator.exact else "reflecting"
    rule = settings.get("box", inferred)
    if (rule == "none") != (half_width is None):
        raise UserError(
            f"got box={rule} for a law with half_width={half_width}, expected a rule for a law in a"
            " box and none for any other: choose reflecting or rejecting, or half_width=None"
        )
    return integrator if half_width is None else Box(integrator, half_width, rule)


def start_points(
    target: Target, settings: Mapping[str, Any], n: int, generator: torch.Generator
) -> Tensor:
    """First points of ``n`` chains, ``(n, d)``; those beyond the law's box at its walls."""
    # Data from before there was a choice have no such key.
    start = START[settings.get("start", "normal")]((n, target.dim), generator)
    half_width = _half_width(target)
    return start if half_width is None else start.clamp(-half_width, half_width)


def spin_dynamics(target: Target, name: str) -> SpinDynamics:
    """The Markov chain of a law's spins by its name, one of ``SPIN_DYNAMICS``."""
    # What is compiled is imported by those who use it.
    from truescore.simulate import spins

    law = spins.pair_couplings(target)
    if name == "wolff":
        return spins.Wolff(law, spins.clusters_per_sweep(target))
    kinds = {
        "glauber": spins.Glauber,
        "metropolis": spins.Metropolis,
        "checkerboard": spins.CheckerboardGlauber,
    }
    return kinds[name](law)


def simulated_data(
    target: Target, settings: Mapping[str, Any], n: int, seed: int, purpose: str
) -> Tensor:
    """``n`` samples of a law by a simulation, ``(n, d)``, mapped from disk.

    Row i is of chain i mod min(n_chains, n).

    Args:
        target: the law.
        settings: ``simulator_settings`` of a configuration: integrator, n_chains, start, burn_in,
            thin, and for reals dt, box, flips, temperatures, preconditioned.
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
        start = start_points(target, settings, chains, generator)
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
