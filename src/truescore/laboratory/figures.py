"""The figures of the laboratory: from points to arrays for ``truescore.plots``."""

import math
from collections.abc import Callable
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from truescore import plots
from truescore.dynamics import Exact, NoisedLaw, OrnsteinUhlenbeck, UnadjustedLangevin, simulate
from truescore.dynamics.unadjusted import best_tau, stability_limit
from truescore.randomness import keyed_generator

GRID = 121
REACH = 3.3
"""Half width of the window, in standard deviations."""
# Pace and width of the families: around the run's own theta and D.
PACES = (0.25, 1.0, 4.0)
WIDTHS = (0.25, 1.0, 4.0)
OWN_TIME, OWN_STEPS = 16.0, 1600
STARTS = (-3.0, 3.0)


def clouds(
    times: Tensor, path: Tensor, law_at: Callable[[float], NoisedLaw], frames: list[int]
) -> dict[str, Any]:
    """Arguments of ``plots.snapshots`` and ``plots.animate``: points over densities at some times.

    Args:
        times: all times, ``(k + 1,)``.
        path: the points at each of them, ``(k + 1, n, 2)``.
        law_at: the exact law at a time.
        frames: which times.
    """
    laws = [law_at(float(times[frame])) for frame in frames]
    x, y = _window(laws, path[frames])
    # Rows are x_2 and columns x_1, as contours want them.
    points = torch.cartesian_prod(y, x).flip(1)
    density = torch.stack([law.log_prob(points).exp() for law in laws])
    return {
        "times": times[frames].numpy(),
        "points": path[frames].numpy(),
        "grid_x": x.numpy(),
        "grid_y": y.numpy(),
        "density": density.unflatten(1, (GRID, GRID)).numpy(),
    }


def _window(laws: list[NoisedLaw], points: Tensor) -> list[Tensor]:
    """Both axes of a square that holds all laws and, in each frame, 99 in 100 of the points."""
    spread = torch.stack([REACH * law.covariance().diagonal().sqrt() for law in laws])
    means = torch.stack([law.mean() for law in laws])
    held = points.double().quantile(torch.tensor([0.005, 0.995]).double(), dim=1)
    low = torch.minimum((means - spread).amin(0), held[0].amin(0))
    high = torch.maximum((means + spread).amax(0), held[1].amax(0))
    centre, reach = (low + high) / 2, float((high - low).max()) / 2
    return [torch.linspace(c - reach, c + reach, GRID).double() for c in centre.tolist()]


def brownian(times: Tensor, path: Tensor, sigma: float) -> Figure:
    """Displacements of both coordinates in their sqrt(t) envelope."""
    displacement = (path - path[0]).flatten(1)
    return plots.brownian_paths(times.numpy(), displacement.numpy(), sigma)


def families(dynamics: OrnsteinUhlenbeck, seed: int) -> Figure:
    """Paths at fixed D = sigma^2/(2 theta) and several theta, all of one noise."""
    own_time = torch.linspace(0, OWN_TIME, OWN_STEPS + 1, dtype=torch.float64)
    x_0 = dynamics.stationary_variance**0.5 * torch.tensor(STARTS, dtype=torch.float64)[:, None]

    def paths(theta: float, d: float) -> Any:
        member = OrnsteinUhlenbeck(theta, math.sqrt(2 * theta * d))
        generator = keyed_generator(seed, "families")
        return simulate(member, Exact(), x_0, own_time / theta, generator, True)[..., 0].numpy()

    return plots.ou_families(
        own_time.numpy(),
        {
            d: {theta: paths(theta, d) for theta in (pace * dynamics.theta for pace in PACES)}
            for d in (width * dynamics.stationary_variance for width in WIDTHS)
        },
    )


def beside_direct(chain: UnadjustedLangevin, x: Tensor, direct: Tensor, answer: str) -> Figure:
    """The chain's ends beside direct samples."""
    centre = chain.target.mean()
    return plots.chain_beside_direct(
        (x - centre).numpy(),
        (direct - centre).numpy(),
        chain.covariance().numpy(),
        chain.target.covariance().numpy(),
        answer,
    )


def error_against_step(chain: UnadjustedLangevin) -> Figure:
    """W_2 against tau after the chain's steps and for ever."""
    target, steps, start = chain.target, int(chain.steps), chain.start_scale
    limit = stability_limit(target)
    tau = torch.linspace(0, limit, 402, dtype=torch.float64)[1:-1].tolist()

    def errors(k: float) -> list[float]:
        return [UnadjustedLangevin(target, step, k, start).wasserstein() for step in tau]

    best = best_tau(target, steps, start)
    best_error = UnadjustedLangevin(target, best, steps, start).wasserstein()
    return plots.wasserstein_against_step(
        tau,
        errors(steps),
        errors(math.inf),
        steps=steps,
        best=(best, best_error),
        used=(chain.tau, chain.wasserstein()),
        limit=limit,
    )
