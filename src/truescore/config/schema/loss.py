"""Losses."""

from typing import Literal

from pydantic import BaseModel

from truescore.config.schema.fields import ClassPath, Open, StateSpace, Strict, Word


class AnyLoss(Open):
    """What is read of any loss."""

    target: ClassPath
    name: Word
    state_space: StateSpace


class Denoising(AnyLoss, Strict):
    """conf/loss/denoising.yaml."""

    state_space: Literal["real"]
    weighting: Literal["mode", "score"]


class RatioMatching(AnyLoss, Strict):
    """conf/loss/ratio_matching.yaml."""

    state_space: Literal["spin"]


LOSSES: dict[str | None, type[BaseModel]] = {
    "denoising": Denoising,
    "ratio_matching": RatioMatching,
    None: AnyLoss,
}
