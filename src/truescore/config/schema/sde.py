"""Noising processes."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from truescore.config.schema.fields import (
    ClassPath,
    Open,
    Positive,
    StateSpace,
    Strict,
    UnitInterval,
    Word,
)


class AnyProcess(Open):
    """What is read of any noising process."""

    target: ClassPath
    name: Word
    state_space: StateSpace


class VariancePreserving(AnyProcess, Strict):
    """conf/sde/vp.yaml; its time runs over [0, 1]."""

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


class SpinFlip(AnyProcess, Strict):
    """conf/sde/spin_flip.yaml; with a tolerance up to 0.1 nats the horizon is beyond 0.1."""

    state_space: Literal["spin"]
    tolerance: Annotated[float, Field(gt=0, le=0.1)]
    t_min: Annotated[float, Field(gt=0, le=0.1)]


PROCESSES: dict[str | None, type[BaseModel]] = {
    "vp": VariancePreserving,
    "spin_flip": SpinFlip,
    None: AnyProcess,
}
