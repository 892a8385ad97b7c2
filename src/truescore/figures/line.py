"""What a run on a law of the line shows beside all others: its score, its noising, its data."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from truescore import plots
from truescore.build import build_untrained
from truescore.denoisers import RealDenoiser, oracle
from truescore.denoisers.oracle import RealOracle
from truescore.processes import GaussianNoise
from truescore.randomness import keyed_generator
from truescore.runs import Run
from truescore.simulate.data import build_simulation
from truescore.targets import Target

# Fractions of the horizon at which both processes are shown, besides its ends.
SHOWN_AT = (0.5, 0.7)
N_SHOWN = 20_000
PLACES, TIMES, GRID = 161, 81, 400
# A score map reaches beyond the law by this part of its half width, a density by so many sigma.
MAP_ROOM, NOISE_ROOM = 0.7, 3.5
OUTSIDE = 0.01


@dataclass(frozen=True)
class NoisedLine:
    """A law of the line under noise: where it lives, and its density there.

    Attributes:
        exact: the oracle of the law under its process.
        low: end of an interval outside of which the law has next to nothing.
        high: the other end.
    """

    exact: RealOracle
    low: float
    high: float

    def grid(self, time: Tensor) -> Tensor:
        """Places that cover p_t, ``(g,)``."""
        alpha, sigma = (float(f(time)) for f in (self.process.alpha, self.process.sigma))
        ends = alpha * self.low - NOISE_ROOM * sigma, alpha * self.high + NOISE_ROOM * sigma
        return torch.linspace(*ends, GRID, dtype=torch.float64)

    def density(self, x: Tensor, time: Tensor) -> Tensor:
        """p_t at places ``(g,)``."""
        return self.exact.log_prob(x[:, None], time.expand(len(x))).exp()

    def quantiles(self, time: Tensor) -> Any:
        """What a hundredth of p_t lies below, and above, ``(2,)``."""
        x = self.grid(time)
        below = self.density(x, time).cumsum(0)
        return np.interp([OUTSIDE, 1 - OUTSIDE], (below / below[-1]).numpy(), x.numpy())

    @property
    def process(self) -> GaussianNoise:
        """The noise."""
        return self.exact.process


def line_figures(run: Run, training_data: Tensor, samples: Tensor) -> dict[str, Figure]:
    """Figures of a run on a law of the line; none for any other.

    Args:
        run: the trained run.
        training_data: ``(n_train, d)``.
        samples: generated, ``(n, d)``.
    """
    if run.target.dim != 1 or run.target.state_space != "real":
        return {}
    line = NoisedLine(cast(RealOracle, oracle(run.target, run.process)), *support(run.target))
    figures = {
        "score_map": _score_maps(run, line, training_data),
        "noising": _noising(run, line, training_data, samples),
    }
    if run.config["dataset"]["simulator"] == "langevin":
        figures["trajectory"] = _trajectory(run, line, training_data)
    return figures


def support(target: Target) -> tuple[float, float]:
    """Ends of an interval outside of which a law of the line has next to nothing."""
    exact = target.sample(N_SHOWN, keyed_generator(0, "shown")).double()
    low, high = float(exact.min()), float(exact.max())
    room = (high - low) / 20
    return low - room, high + room


def _score_maps(run: Run, line: NoisedLine, training_data: Tensor) -> Figure:
    room = MAP_ROOM * (line.high - line.low) / 2
    x = torch.linspace(line.low - room, line.high + room, PLACES, dtype=torch.float64)
    t = torch.linspace(line.process.t_min, line.process.horizon, TIMES, dtype=torch.float64)
    untrained = build_untrained(run.config, run.target.dim, run.process, training_data)
    before, after, exact = (
        _scaled_score(cast(RealDenoiser, denoiser), x, t)
        for denoiser in (untrained, run.denoiser, line.exact)
    )
    scores = {
        "before training": before,
        "after training": after,
        "exact": exact,
        "after − exact": after - exact,
    }
    band = np.stack([line.quantiles(time) for time in t])
    return plots.score_maps(x.numpy(), t.numpy(), scores, band)


@torch.inference_mode()
def _scaled_score(denoiser: RealDenoiser, x: Tensor, t: Tensor) -> Any:
    """Sigma times the score, ``(k, g)``."""
    places, times = x.float().repeat(len(t))[:, None], t.float().repeat_interleave(len(x))
    return -denoiser.noise(places, times).double().reshape(len(t), len(x)).numpy()


def _noising(run: Run, line: NoisedLine, training_data: Tensor, samples: Tensor) -> Figure:
    times = run.sampler.times(run.denoiser)
    stops = sorted({int((times - at * line.process.horizon).abs().argmin()) for at in SHOWN_AT})
    stops.append(len(times) - 2)
    start, *points = _backward(run, times, stops)
    generator = keyed_generator(0, "noising")
    data = training_data[torch.randint(len(training_data), (N_SHOWN,), generator=generator)]

    def moment(stop: int, remark: str = "", x_t: Tensor | None = None) -> plots.Moment:
        time = times[stop]
        x = line.grid(time)
        forward = line.process.perturb(data, time.float().expand(len(data)), generator)
        title = f"$t$ = {float(time):.2g}{remark}"
        return plots.Moment(title, x, line.density(x, time), forward[:, 0], _column(x_t))

    middle = [moment(stop, x_t=x_t) for stop, x_t in zip(stops[:-1], points, strict=False)]
    first = moment(stops[-1], " (least noise)", points[-1])
    last = moment(0, " (most noise)")
    title = f"$t$ = {float(times[0]):.2g}: prior in place of $p_t$"
    prior = plots.Moment(title, last.grid, last.density, backward=_column(start))
    x = torch.linspace(line.low, line.high, GRID, dtype=torch.float64)
    law = run.target.log_prob(x[:, None]).exp()
    end = plots.Moment("$t$ = 0: truth and generated", x, law, backward=_column(samples))
    return plots.noising([first, *reversed(middle), last, prior, end])


def _column(points: Tensor | None) -> Tensor | None:
    return None if points is None else points[:, 0]


@torch.inference_mode()
def _backward(run: Run, times: Tensor, stops: list[int]) -> list[Tensor]:
    """Points at the start and at some of the sampler's times, ``(n, 1)`` each.

    A sampler that looks back at its last steps forgets them at every stop.
    """
    generator = keyed_generator(run.config["seed"], "backward")
    points = [run.sampler.start(run.denoiser, N_SHOWN, run.target.dim, generator)]
    for first, stop in zip([0, *stops], stops, strict=False):
        part = times[first : stop + 1].float()
        points.append(run.sampler.path(run.denoiser, points[-1], part, generator))
    return points


def _trajectory(run: Run, line: NoisedLine, training_data: Tensor) -> Figure:
    settings = run.config["dataset"]["langevin"]
    simulation = build_simulation(run.target, settings)
    path = training_data[:: simulation.chains(len(training_data)), 0]
    steps = simulation.burn_in_steps + simulation.thin_steps * torch.arange(len(path))
    x = torch.linspace(line.low, line.high, GRID, dtype=torch.float64)
    law = run.target.log_prob(x[:, None]).exp()
    return plots.trajectory(settings["dt"] * steps, path, training_data[:, 0], x, law)
