"""Samplers."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from truescore.config.schema.fields import (
    ClassPath,
    Count,
    NonNegative,
    Open,
    Positive,
    Strict,
    UnitInterval,
    Word,
)
from truescore.state_space import Scope


class AnySampler(Open):
    """What the sampling loop reads of any sampler."""

    target: ClassPath
    name: Word
    state_space: Scope
    n_generate: Annotated[int, Field(ge=2)]
    chunk_size: Count


class GridSampler(AnySampler):
    """A sampler on a grid of times."""

    steps: Annotated[int, Field(ge=2)]
    grid: Literal["uniform", "quadratic", "geometric", "log_snr", "karras", "spectral", "entropy"]


class Unmasking(AnySampler, Strict):
    """conf/sampler/unmasking.yaml."""

    state_space: Literal["discrete"]
    steps: Count


class Gibbs(AnySampler, Strict):
    """conf/sampler/gibbs.yaml."""

    state_space: Literal["discrete"]
    steps: Count


class DiscreteSampler(GridSampler, Strict):
    """A sampler of spins with no keys of its own, such as conf/sampler/analytic.yaml."""

    state_space: Literal["discrete"]
    grid: Literal["uniform", "quadratic", "geometric", "log_snr", "karras", "entropy"]


class Trapezoidal(DiscreteSampler):
    """conf/sampler/analytic_trapezoidal.yaml and theta_trapezoidal.yaml."""

    theta: UnitInterval


class Coloured(DiscreteSampler):
    """conf/sampler/coloured.yaml."""

    colours: Annotated[int, Field(ge=2)]


class EulerAsWritten(DiscreteSampler):
    """conf/sampler/euler_as_written.yaml."""

    grid: Literal["uniform"]


class GibbsCorrected(DiscreteSampler):
    """conf/sampler/gibbs_corrected.yaml."""

    predictor: Literal[
        "analytic", "analytic_trapezoidal", "euler", "tau_leaping", "theta_trapezoidal"
    ]
    sweeps: Positive
    rounds: Count | None


class RealSampler(GridSampler, Strict):
    """A sampler of reals with no keys of its own, such as conf/sampler/heun.yaml."""

    state_space: Literal["real"]
    grid: Literal["uniform", "quadratic", "geometric", "log_snr", "karras", "spectral"]
    prior: Literal["matched", "standard"]


class PredictorCorrector(RealSampler):
    """conf/sampler/predictor_corrector.yaml."""

    predictor: Literal["ancestral", "ddim", "reverse_diffusion"]
    corrections: Count
    signal_to_noise: Positive


class AnnealedLangevin(RealSampler):
    """conf/sampler/annealed_langevin.yaml."""

    repeats: Count
    stride: Annotated[float, Field(gt=0, lt=2)]


class Adaptive(RealSampler):
    """conf/sampler/adaptive.yaml."""

    tolerance: Positive


class EDM(RealSampler):
    """conf/sampler/edm.yaml."""

    churn: NonNegative
    churn_min: NonNegative
    churn_max: NonNegative
    inflation: Positive

    @field_validator("churn_max")
    @classmethod
    def _rises(cls, value: float, info: ValidationInfo) -> float:
        churn_min = info.data.get("churn_min")
        if churn_min is not None and value < churn_min:
            raise ValueError(f"at least sampler.churn_min={churn_min}")
        return value


SAMPLERS: dict[str | None, type[BaseModel]] = {
    "analytic": DiscreteSampler,
    "analytic_trapezoidal": Trapezoidal,
    "coloured": Coloured,
    "euler": DiscreteSampler,
    "euler_as_written": EulerAsWritten,
    "gibbs": Gibbs,
    "gibbs_corrected": GibbsCorrected,
    "tau_leaping": DiscreteSampler,
    "theta_trapezoidal": Trapezoidal,
    "uniformization": DiscreteSampler,
    "unmasking": Unmasking,
    "adaptive": Adaptive,
    "ancestral": RealSampler,
    "annealed_langevin": AnnealedLangevin,
    "ddim": RealSampler,
    "adams_bashforth": RealSampler,
    "dpm_solver_2m": RealSampler,
    "dpm_solver_2m_sde": RealSampler,
    "edm": EDM,
    "euler_maruyama": RealSampler,
    "gaussian_bridge": RealSampler,
    "heun": RealSampler,
    "predictor_corrector": PredictorCorrector,
    "reverse_diffusion": RealSampler,
    None: AnySampler,
}
