"""One step of a simulation, before the many."""

import torch

from truescore.errors import UserError
from truescore.simulate.simulation import Dynamics
from truescore.targets import Target

N = 200
FEWEST = 0.01


def refuse_stuck(integrator: Dynamics, target: Target, name: str) -> None:
    """Raise ``UserError`` unless one step moves at least 1 in 100 of 200 exact samples.

    Steps that are too long leave a chain with a Metropolis test where it is, for ever.
    """
    generator = torch.Generator().manual_seed(0)
    x = integrator.start(target.sample(N, generator))
    moved = integrator.run(x, 1, generator) != x
    share = float(moved.any(-1).double().mean())
    if share < FEWEST:
        raise UserError(
            f"got dataset.langevin.dt={integrator.dt:g}, with which {name} accepts {share:.0%} of"
            " its steps, expected one in two or more: lower it"
        )
