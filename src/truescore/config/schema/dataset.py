"""Laws."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from truescore.config.schema.fields import (
    ClassPath,
    Count,
    NonNegative,
    Open,
    Positive,
    StateSpace,
    Strict,
    Word,
)


class Langevin(Strict):
    """The section ``langevin`` of a law of reals; times in units where the mobility is 1."""

    integrator: Literal["strang", "mala", "euler_maruyama", "leimkuhler_matthews", "tamed_euler"]
    dt: Positive
    n_chains: Count
    burn_in: NonNegative
    thin: Positive


class AnyDataset(Open):
    """What the data module reads of any law; the rest are the law's own arguments."""

    target: ClassPath
    name: Word
    state_space: StateSpace
    n_train: Count
    n_val: Count
    batch_size: Count
    langevin: Langevin | None = None
    simulator: Literal["exact", "langevin"]

    @field_validator("simulator")
    @classmethod
    def _is_described(cls, value: str, info: ValidationInfo) -> str:
        if value == "langevin" and info.data.get("langevin", ...) is None:
            raise ValueError("exact: this law has no section dataset.langevin to say how")
        return value

    @field_validator("batch_size")
    @classmethod
    def _fits(cls, value: int, info: ValidationInfo) -> int:
        n_train = info.data.get("n_train")
        if n_train is not None and value > n_train:
            raise ValueError(f"at most dataset.n_train={n_train}: lower it or raise n_train")
        return value


class IsingRing(AnyDataset, Strict):
    """conf/dataset/ising_ring.yaml."""

    state_space: Literal["spin"]
    simulator: Literal["exact"]
    dim: Annotated[int, Field(ge=3)]
    coupling: float
    temperature: Positive

    @field_validator("temperature")
    @classmethod
    def _is_finite_physics(cls, value: float, info: ValidationInfo) -> float:
        coupling = abs(info.data.get("coupling", 0.0))
        if coupling > 300 * value:
            raise ValueError(f"at least |dataset.coupling| / 300 = {coupling / 300:g}")
        return value


class GinzburgLandau(AnyDataset, Strict):
    """conf/dataset/ginzburg_landau.yaml."""

    state_space: Literal["real"]
    dim: Annotated[int, Field(ge=2)]
    lam: Positive
    temperature: Positive
    half_width: Positive | None


DATASETS: dict[str | None, type[BaseModel]] = {
    "ising_ring": IsingRing,
    "ginzburg_landau": GinzburgLandau,
    None: AnyDataset,
}
