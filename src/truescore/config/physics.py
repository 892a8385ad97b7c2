"""What the numbers of a law and of its simulation allow together, without importing torch."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from truescore.config.langevin import langevin_errors

# Widths of the narrowest factor of a chain's density that its quadrature resolves on the interval.
MOST_WIDTHS = 560
# As `truescore.targets.ginzburg_landau`: what is below exp(-60) of the peak is left out.
TAIL = 60.0
MOST_STEPS = 10_000_000
# Of single spins by all chains together; a core takes some 5e7 a second.
MOST_UPDATES = 1e12
BISECTIONS = 60


def physics_errors(dataset: Mapping[str, Any]) -> list[str]:
    """One line for each impossible combination of the section ``dataset``, itself valid."""
    lines, dim = [], dataset.get("dim")
    if dataset["state_space"] == "real" and isinstance(dim, int) and dataset["n_train"] <= dim:
        lines.append(
            f"dataset.n_train: got {dataset['n_train']}, expected more than dataset.dim={dim},"
            " to measure the scale of every mode: raise it"
        )
    if dataset["name"] == "ginzburg_landau":
        lines += _quadrature_errors(dataset)
    if dataset["simulator"] == "langevin":
        lines += langevin_errors(dataset)
        lines += _length_errors(dataset["langevin"], dataset["n_train"])
    elif dataset["simulator"] == "checkerboard":
        lines += _colouring_errors(dataset)
    if dataset["simulator"] not in ("exact", "langevin") and isinstance(dim, int):
        lines += _update_errors(dataset["markov_chain"], dataset["n_train"], dim)
    return lines


def widths(dim: float, lam: float, temperature: float, half_width: float | None) -> float:
    """Length of a Ginzburg-Landau site's interval over the narrowest width in the density there.

    Two bonds of stiffness lam (d+1)^2 and a well of curvature 2/lam meet at a site. The quadrature
    needs 1.6 to 4 nodes for each width.
    """
    reach = half_width or math.sqrt(1 + math.sqrt(4 * lam * temperature * TAIL))
    curvature = 2 * lam * (dim + 1) ** 2 + 2 / lam
    return 2 * reach * math.sqrt(curvature / temperature)


def _quadrature_errors(law: Mapping[str, Any]) -> list[str]:
    """The key that asks too much of the quadrature, and how far it may go."""
    values = {key: law[key] for key in ("dim", "lam", "temperature", "half_width")}

    def fits(**changed: float | None) -> bool:
        return widths(**{**values, **changed}) <= MOST_WIDTHS

    if fits():
        return []
    box = values["half_width"]
    if box is not None and fits(half_width=None):
        return [_beyond(values, "half_width", _limit(lambda x: fits(half_width=x), 0.01, box))]
    if fits(dim=2):
        return [_beyond(values, "dim", int(_limit(lambda x: fits(dim=x), 2, values["dim"])))]
    warm = values["temperature"]
    while not fits(temperature=warm):
        warm *= 10
    return [_beyond(values, "temperature", _limit(lambda x: fits(temperature=x), warm, warm / 10))]


def _beyond(values: Mapping[str, Any], key: str, limit: float) -> str:
    side, remedy = ("least", "raise it") if key == "temperature" else ("most", "lower it")
    others = ", ".join(
        f"dataset.{name}={value:g}" for name, value in values.items() if name != key and value
    )
    return (
        f"dataset.{key}: got {values[key]:g}, expected at {side} {limit:.4g} with {others}: beyond,"
        f" the quadrature behind all exact values is too coarse, so {remedy}"
    )


def _limit(fits: Callable[[float], bool], good: float, bad: float) -> float:
    """The last value that fits, between one that does and one that does not."""
    for _ in range(BISECTIONS):
        middle = (good + bad) / 2
        good, bad = (middle, bad) if fits(middle) else (good, middle)
    return good


def _length_errors(langevin: Mapping[str, Any], n_train: int) -> list[str]:
    rounds = math.ceil(n_train / min(n_train, langevin["n_chains"]))
    time = langevin["burn_in"] + (rounds - 1) * langevin["thin"]
    steps = time / langevin["dt"]
    if steps <= MOST_STEPS:
        return []
    return [
        f"dataset.langevin.dt: got {langevin['dt']:g}, expected at least"
        f" {time / MOST_STEPS:.2g}: each chain would take {steps:.2g} steps, so raise it, raise"
        " n_chains or lower burn_in and thin"
    ]


def _colouring_errors(law: Mapping[str, Any]) -> list[str]:
    """A ring that is odd has no two colours; of an open chain any length has."""
    sides = [key for key in ("rows", "columns") if key in law]
    if law["name"] == "ising_ring" or law.get("boundary") == "periodic":
        sides = ["dim"]
    return [
        f"dataset.{side}: got {law[side]}, expected an even number with"
        " dataset.simulator=checkerboard, whose neighbours have two colours: change it, or use"
        " dataset.simulator=glauber"
        for side in sides
        if isinstance(law[side], int) and law[side] % 2
    ]


def _update_errors(chain: Mapping[str, Any], n_train: int, dim: int) -> list[str]:
    n_chains = min(n_train, chain["n_chains"])
    after = math.ceil(n_train / n_chains) - 1
    sweeps = chain["burn_in"] + after * chain["thin"]
    most = MOST_UPDATES / (n_chains * dim)
    if sweeps <= most:
        return []
    share = most / sweeps
    key = "burn_in" if chain["burn_in"] > sweeps / 2 else "thin"
    return [
        f"dataset.markov_chain.{key}: got {chain[key]}, expected at most {share * chain[key]:.2g}:"
        f" {n_chains} chains of {dim} spins would take {sweeps * n_chains * dim:.2g} updates, so"
        " lower it"
    ]
