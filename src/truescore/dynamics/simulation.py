"""The loop over times, and the Brownian increments that drive it."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from truescore.dynamics.base import ODE, SDE
from truescore.dynamics.integrators import Integrator
from truescore.errors import UserError


def simulate(
    dynamics: SDE,
    integrator: Integrator,
    x_0: Tensor,
    times: Tensor,
    generator: torch.Generator | None = None,
    keep_trajectory: bool = False,
) -> Tensor:
    """Move points along a grid of times, with noise drawn step by step.

    Args:
        dynamics: what moves them.
        integrator: how.
        x_0: where they start, shape ``(n, d)``; the points keep its dtype and device.
        times: increasing, shape ``(k + 1,)``, float64; the points start at the first.
        generator: source of all noise; an ODE needs none.
        keep_trajectory: whether to return every time or the last alone.

    Returns:
        The points at the last time, ``(n, d)``, or at every time, ``(k + 1, n, d)``.

    Raises:
        UserError: if the integrator is not for these dynamics, the times do not increase, or the
            points run away.
    """
    if isinstance(dynamics, ODE):
        still = torch.zeros_like(x_0)
        return integrate(
            dynamics, integrator, x_0, times, (still for _ in times[1:]), keep_trajectory
        )
    if generator is None:
        raise UserError(
            f"got no generator for {type(dynamics).__name__}, which has noise: pass one"
        )
    increments = brownian_increments(x_0, times, generator)
    return integrate(dynamics, integrator, x_0, times, increments, keep_trajectory)


@torch.no_grad()
def integrate(
    dynamics: SDE,
    integrator: Integrator,
    x_0: Tensor,
    times: Tensor,
    increments: Iterable[Tensor],
    keep_trajectory: bool = False,
) -> Tensor:
    """Move points along given Brownian increments, each W_s - W_t of one step, ``(n, d)``.

    The other arguments, results and errors are those of `simulate`.
    """
    integrator.check(dynamics)
    _check_times(times)
    x, kept = x_0, [x_0]
    for t, s, increment in zip(times[:-1], times[1:], increments, strict=True):
        x = integrator.step(dynamics, x, t, s, increment)
        if keep_trajectory:
            kept.append(x)
    if not bool(torch.isfinite(x).all()):
        raise UserError(
            f"got points that ran away with {type(integrator).__name__} in steps of up to"
            f" {float(times.diff().max()):.3g}: take smaller steps"
        )
    return torch.stack(kept) if keep_trajectory else x


def brownian_increments(x_0: Tensor, times: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
    """W_s - W_t ~ N(0, (s - t) I) of every step, each of the shape, dtype and device of ``x_0``."""
    for dt in times.diff():
        z = torch.randn(x_0.shape, dtype=x_0.dtype, device=x_0.device, generator=generator)
        yield float(dt) ** 0.5 * z


def coarsened(increments: Tensor, factor: int) -> Tensor:
    """Increments ``(k, n, d)`` of the same paths, summed over ``factor`` steps at a time.

    Raises:
        UserError: if ``factor`` does not divide k.
    """
    if len(increments) % factor:
        raise UserError(
            f"got {len(increments)} steps in groups of {factor}, expected a divisor: change either"
        )
    return increments.unflatten(0, (-1, factor)).sum(1)


def _check_times(times: Tensor) -> None:
    if times.ndim != 1 or len(times) < 2 or not bool((times.diff() > 0).all()):
        raise UserError(
            f"got times of shape {tuple(times.shape)}, expected two or more, increasing: sort them"
        )
