"""Points moved by an SDE or ODE whose law is known at every time, or in the end."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from truescore import plots
from truescore.build import build
from truescore.dynamics import (
    SDE,
    BrownianMotion,
    Exact,
    Integrator,
    LinearSDE,
    NoisedLaw,
    OrnsteinUhlenbeck,
    OverdampedLangevin,
    ProbabilityFlow,
    simulate,
)
from truescore.errors import UserError
from truescore.laboratory import figures
from truescore.laboratory.discretisation import strong_error, weak_error
from truescore.laboratory.judge import moments, rejected_moments
from truescore.laboratory.outcome import Outcome, probability
from truescore.metrics import alike
from truescore.randomness import keyed_generator
from truescore.targets import Target

OF_RUN = ("horizon", "steps", "start_scale")


def run_moving(config: dict[str, Any], target: Target, folder: Path) -> Outcome:
    """Simulate, judge and draw; the animation is written to ``folder`` at once."""
    section, seed, n = config["dynamics"], config["seed"], config["n_points"]
    dynamics, integrator = build_motion(config, target)
    times = torch.linspace(0, section["horizon"], section["steps"] + 1, dtype=torch.float64)
    x_0 = _start(section, target, n, keyed_generator(seed, "x_0"))
    path = simulate(dynamics, integrator, x_0, times, keyed_generator(seed, "increments"), True)

    def law_at(t: float) -> NoisedLaw:
        return _law_at(dynamics, target, t)

    shown = _early_times(section["steps"], config["n_snapshots"])
    judged = [
        {
            "time": float(times[k]),
            **moments(path[k], law_at(float(times[k])), keyed_generator(seed, "floors", k)),
        }
        for k in shown
    ]
    direct = law_at(section["horizon"]).sample(n, keyed_generator(seed, "direct"))
    answer = alike(path[-1], direct, keyed_generator(seed, "permutations"))
    frames = _early_times(section["steps"], config["n_frames"])
    name = f"{section['name']}, {config['dataset']['name']}"
    plots.animate(folder / "motion.gif", **figures.clouds(times, path, law_at, frames), title=name)
    step = section["horizon"] / section["steps"]
    title = (
        f"{name}: {n:,} points by {config['integrator']['name']} in steps of {step:.3g}\n"
        f"the last ones and direct samples: {answer.verdict},"
        f" energy distance {answer.statistic:.3g}, p {probability(answer.p_value, '= ')}"
    )
    drawn = {
        "snapshots": plots.snapshots(**figures.clouds(times, path, law_at, shown), title=title)
    }
    if isinstance(dynamics, BrownianMotion):
        drawn["paths"] = figures.brownian(times, path, dynamics.sigma)
    if isinstance(dynamics, OrnsteinUhlenbeck):
        drawn["families"] = figures.families(dynamics, seed)
    own = {key: value for key, value in section.items() if key not in ("_target_", "name")}
    values = {
        "dynamics": section["name"],
        "integrator": config["integrator"]["name"],
        "dataset": config["dataset"]["name"],
        "parameters": {**own, "step": step},
        "held_against": _held_against(dynamics),
        "moments": judged,
        # Langevin is on its way to its law until the last time.
        "rejected": rejected_moments(
            judged[-1:] if isinstance(dynamics, OverdampedLangevin) else judged
        ),
        "two_sample": {**answer._asdict(), "against": "direct samples", "n": n},
        "strong_error": strong_error(
            dynamics, integrator, x_0, times, keyed_generator(seed, "shared increments")
        ),
        "weak_error": weak_error(dynamics, integrator, times),
    }
    return Outcome(values, drawn)


def build_motion(config: dict[str, Any], target: Target) -> tuple[SDE, Integrator]:
    """What moves points and how.

    Raises:
        UserError: they do not go together, the steps are unstable, or the law at time t is unknown.
    """
    section = config["dynamics"]
    dynamics: SDE = build(section, leave=OF_RUN, target=target)
    integrator: Integrator = build(config["integrator"])
    integrator.check(dynamics)
    _law_at(dynamics, target, section["horizon"])
    step, limit = section["horizon"] / section["steps"], dynamics.stability_limit
    if not isinstance(integrator, Exact) and step >= limit:
        raise UserError(
            f"got dynamics.steps={section['steps']} of {step:.3g} each, expected steps below"
            f" {limit:.3g}, where explicit rules overshoot: raise dynamics.steps"
        )
    return dynamics, integrator


def _start(section: dict[str, Any], target: Target, n: int, generator: torch.Generator) -> Tensor:
    """Points of the law itself, or of the Gaussian that Langevin starts from, float64."""
    if "start_scale" in section:
        z = torch.randn(n, target.dim, dtype=torch.float64, generator=generator)
        return section["start_scale"] * z
    return target.sample(n, generator).double()


def _law_at(dynamics: SDE, target: Target, t: float) -> NoisedLaw:
    """What the points are held against at a time."""
    if isinstance(dynamics, LinearSDE):
        return dynamics.carried(target, t)
    if isinstance(dynamics, OverdampedLangevin | ProbabilityFlow):
        return dynamics.law_at(t)
    raise UserError(
        f"got {type(dynamics).__name__}, whose law at time t is not known, expected dynamics of"
        " truescore.dynamics or a subclass of theirs: use truescore.dynamics.simulate from Python"
    )


def _held_against(dynamics: SDE) -> str:
    if isinstance(dynamics, OverdampedLangevin):
        return "the stationary law, which is reached in the limit of long times and small steps"
    return "the exact law at each time"


def _early_times(steps: int, count: int) -> list[int]:
    """Up to ``count`` indices of times from the first to the last, denser at first.

    There most happens: distances grow like the square root of the time.
    """
    return sorted({round(steps * (k / (count - 1)) ** 2) for k in range(count)})
