"""Samplers."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from truescore.config.schema.fields import ClassPath, Count, Open, StateSpace, Strict, Word


class AnySampler(Open):
    """What the sampling loop reads of any sampler."""

    target: ClassPath
    name: Word
    state_space: StateSpace
    steps: Annotated[int, Field(ge=2)]
    grid: Literal["uniform", "quadratic", "geometric", "log_snr", "spectral"]
    n_generate: Annotated[int, Field(ge=2)]
    chunk_size: Count


class SpinSampler(AnySampler, Strict):
    """conf/sampler/analytic.yaml and euler.yaml."""

    state_space: Literal["spin"]
    grid: Literal["uniform", "quadratic", "geometric", "log_snr"]


class RealSampler(AnySampler, Strict):
    """conf/sampler/euler_maruyama.yaml and heun.yaml."""

    state_space: Literal["real"]


SAMPLERS: dict[str | None, type[BaseModel]] = {
    "analytic": SpinSampler,
    "euler": SpinSampler,
    "euler_maruyama": RealSampler,
    "heun": RealSampler,
    None: AnySampler,
}
