"""Which integrator, walls and moves go together, without importing torch."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

# Others are tried out before any work, and refused if they overflow or get stuck.
NEVER_OVERFLOW = ("strang", "tamed_euler")


def langevin_errors(dataset: Mapping[str, Any]) -> Iterator[str]:
    """One line for each impossible combination of ``dataset.langevin`` with itself and the law."""
    langevin = dataset["langevin"]
    yield from _wall_errors(langevin, dataset.get("half_width"))
    if langevin["integrator"] in NEVER_OVERFLOW and langevin["dt"] > langevin["thin"]:
        yield (
            f"dataset.langevin.dt: got {langevin['dt']:g}, expected at most"
            f" dataset.langevin.thin={langevin['thin']:g}, the time between two kept states: lower"
            " dt"
        )
    if langevin.get("preconditioned") and langevin["integrator"] != "mala":
        yield (
            f"dataset.langevin.preconditioned: got true with integrator={langevin['integrator']},"
            " which takes no preconditioner: use dataset.langevin.integrator=mala"
        )
    lowest, ladder = dataset.get("temperature", 1.0), langevin.get("temperatures", [])
    if any(not low < high for low, high in itertools.pairwise([lowest, *ladder])):
        yield (
            f"dataset.langevin.temperatures: got {ladder}, expected them to ascend from above"
            f" dataset.temperature={lowest:g}, or []: raise or sort them"
        )


def _wall_errors(langevin: Mapping[str, Any], half_width: float | None) -> Iterator[str]:
    # Of a run from before there was a choice the rule follows from the integrator.
    rule = langevin.get("box")
    if rule is None:
        return
    if rule == "none" and half_width is not None:
        use = "rejecting" if langevin["integrator"] == "mala" else "reflecting or rejecting"
        yield (
            f"dataset.langevin.box: got none with dataset.half_width={half_width:g}, expected a"
            f" rule for its walls: use {use}"
        )
    if rule != "none" and half_width is None:
        yield (
            f"dataset.langevin.box: got {rule} for a law without walls, expected none: use none, or"
            " give a law that has the key its dataset.half_width"
        )
    if rule == "reflecting" and langevin["integrator"] == "mala":
        yield (
            "dataset.langevin.box: got reflecting with integrator=mala, which would no longer be"
            " exact: use rejecting"
        )
