"""Noising processes."""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from truescore.config.schema.fields import (
    ClassPath,
    Open,
    Positive,
    Strict,
    UnitInterval,
    Word,
)
from truescore.state_space import Scope

JumpSchedule = Literal["constant", "geometric", "log_linear", "cosine"]


def _above(smaller: str) -> Callable[[float | None, ValidationInfo], float | None]:
    """Checks that a value, if there is one, exceeds that of a key before it."""

    def check(value: float | None, info: ValidationInfo) -> float | None:
        bound = info.data.get(smaller)
        if bound is not None and value is not None and value <= bound:
            raise ValueError(f"more than sde.{smaller}={bound}")
        return value

    return check


class AnyProcess(Open):
    """What is read of any noising process."""

    target: ClassPath
    name: Word
    state_space: Scope


class LinearRate(AnyProcess, Strict):
    """conf/sde/vp.yaml and sub_vp.yaml; time runs over [0, 1]."""

    state_space: Literal["real"]
    beta_min: Positive
    beta_max: Positive
    t_min: UnitInterval

    @field_validator("beta_max")
    @classmethod
    def _rises(cls, value: float, info: ValidationInfo) -> float:
        beta_min = info.data.get("beta_min")
        if beta_min is not None and value < beta_min:
            raise ValueError(f"at least sde.beta_min={beta_min}")
        return value


class EndsEarly(AnyProcess, Strict):
    """conf/sde/rectified_flow.yaml and trigonometric.yaml; no signal is left at t = 1."""

    state_space: Literal["real"]
    t_min: UnitInterval
    horizon: UnitInterval

    _order = field_validator("horizon")(_above("t_min"))


class CosineVariancePreserving(EndsEarly):
    """conf/sde/vp_cosine.yaml."""

    offset: UnitInterval


class VarianceExploding(AnyProcess, Strict):
    """conf/sde/ve.yaml; time runs over [0, 1]."""

    state_space: Literal["real"]
    sigma_min: Positive
    sigma_max: Positive | None
    tolerance: Positive = 0.01  # a run from before there was a choice
    blurred: bool
    t_min: UnitInterval

    _order = field_validator("sigma_max")(_above("sigma_min"))


class EDM(AnyProcess, Strict):
    """conf/sde/edm.yaml."""

    state_space: Literal["real"]
    t_min: Positive
    sigma_max: Positive | None
    tolerance: Positive = 0.01  # a run from before there was a choice

    _order = field_validator("sigma_max")(_above("t_min"))


class SpinFlip(AnyProcess, Strict):
    """conf/sde/spin_flip.yaml; with a tolerance up to 0.1 nats the horizon is beyond 0.1."""

    state_space: Literal["spin"]
    tolerance: Annotated[float, Field(gt=0, le=0.1)]
    t_min: Annotated[float, Field(gt=0, le=0.1)]
    schedule: JumpSchedule = "constant"  # a run from before there was a choice


class UniformJump(AnyProcess, Strict):
    """conf/sde/uniform_jump.yaml; the law says how many states there are."""

    state_space: Literal["categorical"]
    tolerance: Annotated[float, Field(gt=0, le=0.1)]
    t_min: Annotated[float, Field(gt=0, le=0.01)]
    schedule: JumpSchedule


class Absorbing(AnyProcess, Strict):
    """conf/sde/absorbing.yaml; the law says how many symbols there are beside the mask."""

    state_space: Literal["discrete"]
    tolerance: Annotated[float, Field(gt=0, le=0.1)]
    t_min: Annotated[float, Field(gt=0, le=0.1)]
    schedule: JumpSchedule


class SpinFlipAsWritten(AnyProcess, Strict):
    """conf/sde/spin_flip_as_written.yaml; its horizon is 1."""

    state_space: Literal["spin"]
    t_min: Annotated[float, Field(gt=0, le=0.1)]


PROCESSES: dict[str | None, type[BaseModel]] = {
    "vp": LinearRate,
    "vp_cosine": CosineVariancePreserving,
    "sub_vp": LinearRate,
    "ve": VarianceExploding,
    "edm": EDM,
    "rectified_flow": EndsEarly,
    "trigonometric": EndsEarly,
    "spin_flip": SpinFlip,
    "uniform_jump": UniformJump,
    "absorbing": Absorbing,
    "spin_flip_as_written": SpinFlipAsWritten,
    None: AnyProcess,
}
