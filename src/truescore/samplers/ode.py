"""Steps of adaptive size, by torchdiffeq."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from truescore.errors import UserError


def check_solver() -> None:
    """Raise ``UserError`` unless torchdiffeq is there."""
    _odeint()


def solve(
    velocity: Callable[[Tensor, Tensor], Tensor],
    state: Tensor,
    start: Tensor,
    end: Tensor,
    tolerance: float,
    longest: float,
) -> Tensor:
    """Carry ``state`` from ``start`` to ``end`` along dstate/du = velocity(u, state).

    Dormand and Prince's pair of orders 5 and 4. Steps are chosen for all points together, from the
    root mean square of their errors.

    Args:
        velocity: of a scalar u and a state.
        state: of any shape.
        start: where u begins, a scalar.
        end: where u ends.
        tolerance: error allowed in a step, absolute and relative.
        longest: the first step tried, and a bound on all: a flow at rest, as that of a Gaussian law
            in whitened modes is, looks so easy that the solver would jump over where it moves.
    """
    ends = torch.stack([start, end]).double()
    path = _odeint()(
        velocity,
        state,
        ends,
        rtol=tolerance,
        atol=tolerance,
        method="dopri5",
        options={"max_step": longest, "first_step": longest},
    )
    return path[-1]


def _odeint() -> Callable[..., Any]:
    try:
        from torchdiffeq import odeint
    except ImportError as error:
        raise UserError(
            "got no torchdiffeq, expected it for steps of adaptive size: pip install"
            " 'truescore[ode]'"
        ) from error
    return odeint
