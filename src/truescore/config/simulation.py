"""All that is wrong with a configuration of the laboratory, without importing torch."""

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig

from truescore.config.check import section_errors
from truescore.config.schema.dataset import DATASETS
from truescore.config.schema.simulation import SIMULATION_SCHEMAS, Simulation

# Integrators that take some dynamics only, and dynamics that take one integrator.
ONLY_FOR = {"euler": ("probability_flow",), "exact": ("brownian", "ou")}
UNADJUSTED, ITS_INTEGRATOR = "unadjusted_langevin", "euler_maruyama"
# The laws that the unadjusted chain has a closed form for, and their smallest variance.
GAUSSIANS = {
    "anticorrelated_gaussian": lambda law: 1 - abs(law["correlation"]),
    "isotropic_gaussian": lambda law: law["scale"] ** 2,
}
ROUNDING = 1e-9
# The smallest variance of laws that need no torch to know it, for Langevin's steps.
NARROWEST = GAUSSIANS | {"symmetric_mixture": lambda law: law["scale"] ** 2}
# Coordinates kept: a trajectory holds every point at every time.
MOST_KEPT = 100_000_000


def check_simulation(config: DictConfig) -> list[str]:
    """One line per error: the key, what it got, what is expected. Empty if the run can start."""
    plain, lines = section_errors(config, Simulation, SIMULATION_SCHEMAS)
    if all(isinstance(plain.get(section), dict) for section in SIMULATION_SCHEMAS):
        lines += _law_errors(plain["dataset"])
        lines += _integrator_errors(plain["dynamics"], plain["integrator"])
        # The step's limit can be told only of values that are right by themselves.
        if not lines:
            if plain["dynamics"]["name"] == UNADJUSTED:
                lines += _chain_errors(plain["dataset"], plain["dynamics"])
            else:
                lines += _step_errors(plain["dataset"], plain["dynamics"], plain["integrator"])
            lines += _size_errors(plain)
    return lines


def _law_errors(law: Mapping[str, Any]) -> list[str]:
    if law.get("state_space") in ("spin", "categorical"):
        has = "spins in {-1,+1}" if law["state_space"] == "spin" else "states 0 .. q-1"
        return [
            f"dataset={law.get('name')} has {has}; dynamics move real values: use"
            " dataset=symmetric_mixture or another law of reals"
        ]
    if law.get("dim", 2) != 2:
        return [f"dataset.dim: got {law['dim']}, expected 2: the laboratory draws the plane"]
    return []


def _integrator_errors(dynamics: Mapping[str, Any], integrator: Mapping[str, Any]) -> list[str]:
    moved, name = dynamics.get("name"), integrator.get("name")
    if moved == UNADJUSTED and name != ITS_INTEGRATOR:
        return [f"integrator={name} for dynamics={moved}: use integrator={ITS_INTEGRATOR}"]
    takes = ONLY_FOR.get(str(name))
    # What dynamics of one's own are, the integrator itself can tell.
    if takes is not None and moved in SIMULATION_SCHEMAS["dynamics"] and moved not in takes:
        remedy = f"dynamics={' or '.join(takes)}, or integrator={ITS_INTEGRATOR} or heun"
        return [f"integrator={name} for dynamics={moved}: use {remedy}"]
    return []


def _chain_errors(law: Mapping[str, Any], chain: Mapping[str, Any]) -> list[str]:
    """The closed form needs one Gaussian, and the chain a step below its limit."""
    name, tau = law.get("name"), chain["tau"]
    if name in DATASETS and name not in GAUSSIANS:
        return [
            f"dataset={name} for dynamics={UNADJUSTED}, which is for one Gaussian: use"
            " dataset=anticorrelated_gaussian, or dynamics=langevin"
        ]
    if name in GAUSSIANS and tau is not None:
        limit = 4 * GAUSSIANS[name](law)
        if tau >= limit * (1 - ROUNDING):
            return [
                f"dynamics.tau: got {tau:g}, expected a number < {limit:g}, four times the smallest"
                " variance of the law: beyond it the chain runs away"
            ]
    return []


def _step_errors(
    law: Mapping[str, Any], dynamics: Mapping[str, Any], integrator: Mapping[str, Any]
) -> list[str]:
    """Explicit rules overshoot where a step is twice the time in which the drift returns."""
    name, narrowest = dynamics["name"], NARROWEST.get(law["name"])
    if name in ("ou", "probability_flow") and integrator["name"] != "exact":
        limit = 2 / dynamics["theta"]
    elif name == "langevin" and narrowest is not None:
        limit = 4 * narrowest(law) / dynamics["sigma"] ** 2
    else:
        return []
    step = dynamics["horizon"] / dynamics["steps"]
    if step < limit:
        return []
    return [
        f"dynamics.steps: got {dynamics['steps']} of {step:.3g} each, expected steps below"
        f" {limit:.3g}, where explicit rules overshoot: raise dynamics.steps"
    ]


def _size_errors(config: Mapping[str, Any]) -> list[str]:
    steps, n_points = config["dynamics"]["steps"], config["n_points"]
    if 2 * steps * n_points <= MOST_KEPT:
        return []
    return [
        f"dynamics.steps: got {steps} with n_points={n_points}, expected at most"
        f" {MOST_KEPT // (2 * n_points)}, for which a path fits into memory: lower either"
    ]
