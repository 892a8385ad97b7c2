"""Losses."""

from typing import Literal

from pydantic import BaseModel

from truescore.config.schema.fields import (
    ClassPath,
    Count,
    Discrete,
    Open,
    Positive,
    Strict,
    Word,
)
from truescore.state_space import Scope

TimeLaw = Literal["log_snr", "uniform", "log_normal"]


class AnyLoss(Open):
    """What is read of any loss."""

    target: ClassPath
    name: Word
    state_space: Scope


class Denoising(AnyLoss, Strict):
    """conf/loss/denoising.yaml, and the same loss under the names of its other weightings."""

    state_space: Literal["real"]
    weighting: Literal["mode", "score", "likelihood", "velocity", "edm", "min_snr"]
    times: TimeLaw


class FixedSigma(AnyLoss, Strict):
    """conf/loss/fixed_sigma.yaml."""

    state_space: Literal["real"]
    sigma: Positive


class Implicit(AnyLoss, Strict):
    """conf/loss/implicit.yaml."""

    state_space: Literal["real"]
    trace: Literal["hutchinson", "sliced", "exact"]
    times: TimeLaw


class RatioMatching(AnyLoss, Strict):
    """conf/loss/ratio_matching.yaml."""

    state_space: Discrete


class PseudoLikelihood(AnyLoss, Strict):
    """conf/loss/pseudo_likelihood.yaml."""

    state_space: Literal["spin"]
    n_train: Count
    prior_scale: Positive


LOSSES: dict[str | None, type[BaseModel]] = {
    "denoising": Denoising,
    "likelihood": Denoising,
    "flow_matching": Denoising,
    "edm": Denoising,
    "min_snr": Denoising,
    "fixed_sigma": FixedSigma,
    "implicit": Implicit,
    "ratio_matching": RatioMatching,
    "pseudo_likelihood": PseudoLikelihood,
    None: AnyLoss,
}
