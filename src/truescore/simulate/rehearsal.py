"""The first steps of a simulation, before the many."""

from collections.abc import Mapping
from typing import Any

import torch

from truescore.errors import UserError
from truescore.simulate.data import build_integrator, build_simulation, start_points
from truescore.targets import GinzburgLandauChain, Target

# Exact samples of which one step must move at least a share.
N = 200
FEWEST = 0.01
# Of TIMES as many starts as there will be chains, those that are thrown farthest are followed.
TIMES, LEAST, STEPS = 10, 64, 100
STARTED, FOLLOWED = 2**21, 2**14  # entries


def rehearse_chains(target: Target, settings: Mapping[str, Any], n_train: int) -> None:
    """Build a simulation of a law of reals, and refuse one that does not move, or overflows.

    Args:
        target: the law.
        settings: ``simulator_settings`` of a configuration.
        n_train: number of samples to be drawn.

    Raises:
        UserError: if the law cannot be simulated so.
    """
    refuse_stuck(target, settings)
    refuse_overflow(target, settings, n_train)


def refuse_stuck(target: Target, settings: Mapping[str, Any]) -> None:
    """Raise ``UserError`` unless one step moves at least 1 in 100 of 200 exact samples.

    Steps that are too long leave a chain with a Metropolis test where it is, for ever.
    """
    integrator, generator = build_integrator(target, settings), torch.Generator().manual_seed(0)
    x = integrator.start(target.sample(N, generator))
    moved = integrator.step(x, generator) != x
    share = float(moved.any(-1).double().mean())
    if share < FEWEST:
        raise UserError(
            f"got dataset.langevin.dt={integrator.dt:g}, with which {settings['integrator']}"
            f" accepts {share:.0%} of its steps, expected one in two or more: lower it"
        )


def refuse_overflow(target: Target, settings: Mapping[str, Any], n_train: int) -> None:
    """Raise ``UserError`` if chains leave the finite numbers within 100 steps of their start.

    Anharmonic forces throw those that start far out, few of many: so ten times as many starts are
    drawn as chains will be run, and those followed whose first step is the longest.
    """
    simulation, generator = build_simulation(target, settings), torch.Generator().manual_seed(0)
    n = max(LEAST, min(TIMES * simulation.chains(n_train), STARTED // target.dim))
    followed = min(n, max(LEAST, FOLLOWED // target.dim))
    start, one = start_points(target, settings, n, generator), build_integrator(target, settings)
    x = one.start(start)
    length = (one.step(x, generator) - x).abs().amax(-1).nan_to_num(torch.inf)
    x = simulation.integrator.start(start[length.topk(followed).indices])
    try:
        simulation.integrator.run(x, STEPS, generator)
    except UserError as error:
        other = "strang" if isinstance(target, GinzburgLandauChain) else "mala"
        raise UserError(
            f"got dataset.langevin.dt={one.dt:g}, with which {settings['integrator']} overflows"
            f" within {STEPS} steps of some of {n:,} starts, expected of none: lower it, or use"
            f" dataset.langevin.integrator={other}"
        ) from error
