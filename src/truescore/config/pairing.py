"""Which law, process, model, loss and sampler go together."""

import itertools
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

from truescore.config.schema import SCHEMAS, StateSpace
from truescore.config.schema.run import DISTANCES
from truescore.errors import either
from truescore.state_space import fits

PAIRED = ("sde", "model", "loss", "sampler")
HAS = {
    "real": "real values",
    "spin": "spins in {-1,+1}",
    "categorical": "states 0 .. q-1",
}
# Predictions that tell little of the data where noise is high, and weightings that count it all.
SMALL_AT_NOISE = ("noise", "score")
FLAT_AT_NOISE = ("mode", "edm")
# Networks symmetric under translation along a ring.
OF_RINGS = (
    "leave_one_out",
    "leave_one_out_messages",
    "leave_one_out_pyramid",
    "rot_conv_film",
)
NEEDS = HAS | {"spin": "spins", "discrete": "spins or states"}


def pairing_errors(config: Mapping[str, Any]) -> list[str]:
    """One line for every section, and for the distances, whose state space is not the law's."""
    law = config["dataset"]
    space = law.get("state_space")
    if not _is_known(space):
        return []
    lines = []
    for group in PAIRED:
        section = config[group]
        other = section.get("state_space")
        if other in NEEDS and not fits(other, space):
            remedy = either(f"{group}={name}" for name in _remedies(config, group, space))
            lines.append(
                f"dataset={law.get('name')} has {HAS[space]}; "
                f"{group}={section.get('name')} needs {NEEDS[other]}: use {remedy}"
            )
    lines += _distance_errors(config["metrics"].get("distances"), law.get("name"), space)
    lines += _symmetry_errors(law, config["model"])
    lines += _mask_errors(config)
    lines += _coupling_errors(config["model"], config["loss"])
    lines += _lattice_errors(law, config["model"])
    lines += _site_time_errors(config["loss"], config["sampler"])
    lines += _real_key_errors(config["model"], space)
    lines += _colour_errors(law, config["sampler"])
    return lines + _weighting_errors(config["model"], config["loss"])


def _remedies(config: Mapping[str, Any], group: str, space: StateSpace) -> list[str]:
    """The names in a group that go with the law and with the rest of the configuration."""
    names = options(group, space)
    return [name for name in names if not _is_refused(config, group, name)] or names


def _is_refused(config: Mapping[str, Any], group: str, name: str) -> bool:
    law = config["dataset"]
    # A file of conf/model takes its rows and columns from the law.
    tried = {**config, group: {"name": name, "net": law}}
    return any(
        (
            _mask_errors(tried),
            _coupling_errors(tried["model"], tried["loss"]),
            _lattice_errors(law, tried["model"]),
            _site_time_errors(tried["loss"], tried["sampler"]),
        )
    )


def _real_key_errors(model: Mapping[str, Any], space: StateSpace) -> list[str]:
    """Keys of a user's own network that denoisers of spins and states never read."""
    if space == "real" or model.get("name") in SCHEMAS["model"]:
        return []
    return [
        f"model.{key}: got {model[key]}, which is for real values, and dataset has {HAS[space]}:"
        f" remove model.{key}"
        for key in ("prediction", "skip")
        if key in model
    ]


def _symmetry_errors(law: Mapping[str, Any], model: Mapping[str, Any]) -> list[str]:
    """An odd network on spins whose law a flip of all of them changes."""
    net, field = model.get("net"), law.get("field", 0.0)
    odd = isinstance(net, Mapping) and net.get("odd") is True
    fields = field if isinstance(field, list) else [field]
    uneven = {"gray_code": True, "ising_chain": any(fields)}
    if not odd or not uneven.get(law.get("name", ""), False):
        return []
    return [
        f"dataset={law.get('name')} changes when all spins flip, and model.net.odd=true does not:"
        " use model.net.odd=false"
    ]


def _mask_errors(config: Mapping[str, Any]) -> list[str]:
    """What is for masked sites alone, on others."""
    names = {group: config[group].get("name") for group in PAIRED}
    masks = {"model": "masked_mlp", "loss": "any_order", "sampler": "unmasking"}
    return [
        f"{group}={name} is for masks, sde={names['sde']} has none: use sde=absorbing"
        for group, name in masks.items()
        if names[group] == name and names["sde"] in ("spin_flip", "uniform_jump")
    ]


def _coupling_errors(model: Mapping[str, Any], loss: Mapping[str, Any]) -> list[str]:
    """Couplings are log-odds of the data, not of noisy spins."""
    if model.get("name") != "couplings" or loss.get("name") == "pseudo_likelihood":
        return []
    return [
        f"model=couplings holds at t = 0 alone, and loss={loss.get('name')} trains at all times:"
        " use loss=pseudo_likelihood"
    ]


def _lattice_errors(law: Mapping[str, Any], model: Mapping[str, Any]) -> list[str]:
    """A network of one lattice on a law of another, or of none."""
    net = model.get("net")
    if model.get("name") in OF_RINGS and "rows" in law:
        return [
            f"dataset={law.get('name')} is a lattice of rows and columns; model={model['name']} is"
            " for rings: use model=leave_one_out_2d"
        ]
    if model.get("name") != "leave_one_out_2d" or not isinstance(net, Mapping):
        return []
    asked, there = ([part.get(key) for key in ("rows", "columns")] for part in (net, law))
    if None in there:
        return [
            f"dataset={law.get('name')} has no rows and columns; model=leave_one_out_2d needs them:"
            " use model=leave_one_out"
        ]
    if asked == there:
        return []
    return [
        f"dataset={law.get('name')} has {there[0]} rows and {there[1]} columns, and model.net"
        f" {asked[0]} and {asked[1]}: leave model.net.rows and model.net.columns as they are"
    ]


def _site_time_errors(loss: Mapping[str, Any], sampler: Mapping[str, Any]) -> list[str]:
    """A sampler that moves some sites before others, on a network that never saw such points."""
    if sampler.get("name") != "coloured" or loss.get("site_times", False) is not False:
        return []
    return [
        f"sampler=coloured gives sites times of their own, which loss={loss.get('name')} trained"
        " none at: use loss.site_times=true, or sampler=analytic"
    ]


def _colour_errors(law: Mapping[str, Any], sampler: Mapping[str, Any]) -> list[str]:
    """Colours i mod ``colours`` that give one to neighbours, whose jumps then miss each other."""
    colours = sampler.get("colours")
    if sampler.get("name") != "coloured" or not isinstance(colours, int) or colours < 2:
        return []
    apart = _bond_lengths(law)
    if all(length % colours for length in apart):
        return []
    good = next(c for c in itertools.count(colours) if all(length % c for length in apart))
    return [
        f"sampler.colours: got {colours}, which gives neighbours of dataset={law.get('name')} one"
        f" colour: use sampler.colours={good}"
    ]


def _bond_lengths(law: Mapping[str, Any]) -> list[int]:
    """Differences of the numbers of neighbours, of laws that are known to have some."""
    name, size = law.get("name"), ("rows", "columns") if "rows" in law else ("dim",)
    if not all(isinstance(law.get(key), int) and law[key] > 1 for key in size):
        return []
    if name == "ising_torus":
        rows, columns = law["rows"], law["columns"]
        return [1, columns - 1, columns, (rows - 1) * columns]
    if name in ("ising_ring", "potts_ring") or law.get("boundary") == "periodic":
        return [1, law["dim"] - 1]
    return []


def _weighting_errors(model: Mapping[str, Any], loss: Mapping[str, Any]) -> list[str]:
    """Predictions whose loss in a weighting has no bound at high noise.

    With the noise z or the score predicted, D = (x_t - sigma z)/alpha errs by sigma/alpha times the
    network's error. The weightings ``mode`` and ``edm`` do not fall with sigma/alpha, so that the
    highest noise levels, where there is nothing to learn, drown all others, unless the times seldom
    go there.
    """
    prediction, weighting = model.get("prediction"), loss.get("weighting")
    if prediction not in SMALL_AT_NOISE or weighting not in FLAT_AT_NOISE:
        return []
    if loss.get("times") == "log_normal":
        return []
    return [
        f"model.prediction={prediction} with loss.weighting={weighting}: the highest noise would"
        " drown the rest of the loss; use model.prediction=v or loss.weighting=score"
    ]


def _distance_errors(distances: Any, law: Any, space: StateSpace) -> list[str]:
    if not isinstance(distances, list):
        return []
    if law == "gray_code" and not distances:
        return [
            "metrics.distances: got [], expected some, as dataset=gray_code has no exact values to"
            " hold samples against: use metrics=codes"
        ]
    spaces = {str(name): DISTANCES.get(str(name), (space,)) for name in distances}
    remedy = ",".join(name for name in spaces if space in spaces[name])
    return [
        f"dataset={law} has {HAS[space]}; {name} needs {NEEDS[spaces[name][0]]}:"
        f" use metrics.distances=[{remedy}]"
        for name in spaces
        if space not in spaces[name]
    ]


def _is_known(space: Any) -> bool:
    return isinstance(space, str) and space in HAS


def options(group: str, space: StateSpace) -> list[str]:
    """The names in a group that live in a state space; mistakes of others are no remedy."""
    known = SCHEMAS[group].items()
    names = [name for name, schema in known if name and _is_for(schema, space)]
    return [name for name in names if not name.endswith("_as_written")]


def _is_for(schema: type[BaseModel], space: StateSpace) -> bool:
    scopes = get_args(schema.model_fields["state_space"].annotation)
    return any(fits(scope, space) for scope in scopes)
