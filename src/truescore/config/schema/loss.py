"""Losses."""

from typing import Literal

from pydantic import BaseModel, field_validator

from truescore.config.schema.fields import (
    ClassPath,
    Count,
    Discrete,
    NonNegative,
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
    site_times: bool = False


class PseudoLikelihood(AnyLoss, Strict):
    """conf/loss/pseudo_likelihood.yaml."""

    state_space: Literal["spin"]
    n_train: Count
    prior_scale: Positive


class OfSites(AnyLoss, Strict):
    """A loss of spins or states with no keys of its own, such as conf/loss/elbo.yaml."""

    state_space: Literal["discrete"]


class Weights(Strict):
    """The ``weights`` of conf/loss/mixture.yaml, by name."""

    ratio_matching: NonNegative
    clean_cross_entropy: NonNegative
    score_entropy: NonNegative
    concrete_score: NonNegative
    elbo: NonNegative


class Mixture(AnyLoss, Strict):
    """conf/loss/mixture.yaml."""

    state_space: Literal["discrete"]
    weights: Weights

    @field_validator("weights")
    @classmethod
    def _are_not_all_zero(cls, value: Weights) -> Weights:
        if not any(value.model_dump().values()):
            raise ValueError("one above 0: there is nothing to train by")
        return value


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
    "clean_cross_entropy": OfSites,
    "score_entropy": OfSites,
    "concrete_score": OfSites,
    "any_order": OfSites,
    "elbo": OfSites,
    "mixture": Mixture,
    None: AnyLoss,
}
