"""What the steps themselves cost: measured on shared paths, and known where the drift is linear."""

from typing import Any

import torch
from torch import Tensor

from truescore.dynamics import (
    ODE,
    SDE,
    Exact,
    Integrator,
    LinearSDE,
    brownian_increments,
    coarsened,
    integrate,
)

FINER = 4
N_PATHS = 200


def strong_error(
    dynamics: SDE, integrator: Integrator, x_0: Tensor, times: Tensor, generator: torch.Generator
) -> dict[str, Any] | None:
    """Distance at the end to paths of the same Brownian motion in steps four times finer.

    ``None`` for exact steps, which follow the law and not a path.
    """
    if isinstance(integrator, Exact):
        return None
    x_0 = x_0[:N_PATHS]
    fine_times = torch.linspace(
        float(times[0]), float(times[-1]), FINER * (len(times) - 1) + 1, dtype=torch.float64
    )
    scale = 0.0 if isinstance(dynamics, ODE) else 1.0
    fine = scale * torch.stack(list(brownian_increments(x_0, fine_times, generator)))
    ends = [
        integrate(dynamics, integrator, x_0, grid, increments)
        for grid, increments in ((times, coarsened(fine, FINER)), (fine_times, fine))
    ]
    distance = (ends[0] - ends[1]).norm(dim=1)
    return {"rms": float((distance**2).mean().sqrt()), "n": len(x_0), "finer": FINER}


def weak_error(dynamics: SDE, integrator: Integrator, times: Tensor) -> dict[str, float] | None:
    """Error of E[X_t | x_0]/x_0 and Var[X_t | x_0] at the end, in closed form.

    Under linear drift a step is x -> A x + G dW, with A and G read off two points. ``None`` for
    other dynamics.
    """
    if not isinstance(dynamics, LinearSDE):
        return None
    points, noise = torch.tensor([[[1.0], [0.0]], [[0.0], [1.0]]], dtype=torch.float64)
    mean, variance = 1.0, 0.0
    for t, s in zip(times[:-1], times[1:], strict=True):
        a, g = integrator.step(dynamics, points, t, s, noise)[:, 0].tolist()
        mean, variance = a * mean, a**2 * variance + g**2 * float(s - t)
    decay, spread = dynamics.transition(float(times[-1] - times[0]))
    return {"decay": mean - decay, "variance": variance - spread**2}
