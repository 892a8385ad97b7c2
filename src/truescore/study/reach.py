"""How far a network sees, beside how far its law's correlations go."""

import math
from collections.abc import Mapping
from typing import Any

import torch

from truescore.build import build, build_target
from truescore.errors import UserError
from truescore.study.markdown import number
from truescore.targets.correlation_length import correlation_length


def reach(config: Mapping[str, Any]) -> float:
    """Sites to either side that a run's network sees; NaN if the network has no ``reach``."""
    net = config.get("model", {}).get("net")
    if net is None:
        return math.nan
    try:
        with torch.device("meta"):  # no weights are drawn
            built = build(net, dim=config["dataset"]["dim"])
    except UserError:  # of a package that is not here: the cells are told without it
        return math.nan
    return float(getattr(built, "reach", math.nan))


def law_length(config: Mapping[str, Any]) -> float:
    """The correlation length of a run's law, in sites; NaN if it has none."""
    try:
        length = correlation_length(build_target(config))
    except UserError:
        return math.nan
    return math.nan if length is None else length


def beside(seen: float, length: float) -> str:
    """``16 / 3.7``: both in sites; a dash for what is not known."""
    return "-" if math.isnan(seen) and math.isnan(length) else f"{number(seen)} / {number(length)}"
