"""What every section of a configuration may hold.

One class per file of a config group, found by the section's ``name``. A name that is not in
`SCHEMAS` is somebody's own law, process, network, loss or sampler: it is held to the section's
``Any...`` class, which checks the keys the framework itself reads and lets the others through.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
UnitInterval = Annotated[float, Field(gt=0, lt=1)]
StateSpace = Literal["real", "spin"]
ClassPath = Annotated[
    str,
    Field(
        alias="_target_",
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$",
        description="a class, written package.module.Class",
    ),
]
Word = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="up to 100 letters, digits, '.', '_' or '-', the first a letter or a digit",
    ),
]


class Strict(BaseModel):
    """A mapping whose keys and types are all known: no further key, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Open(BaseModel):
    """A mapping whose further keys belong to the user's own class."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class Run(Strict):
    """The keys of a run outside every section, and the sections it must have."""

    name: Word
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    ckpt_path: str | None
    dataset: dict[str, Any]
    sde: dict[str, Any]
    model: dict[str, Any]
    loss: dict[str, Any]
    sampler: dict[str, Any]
    trainer: dict[str, Any]
    callbacks: dict[str, Any]
    metrics: dict[str, Any]

    @field_validator("ckpt_path")
    @classmethod
    def _exists(cls, value: str | None) -> str | None:
        if value is not None and not Path(value).is_file():
            raise ValueError("an existing file such as RUN/checkpoints/last.ckpt, or null")
        return value


class AnyDataset(Open):
    """What the data module reads of any law; the rest are the law's own arguments."""

    target: ClassPath
    name: Word
    state_space: StateSpace
    n_train: Count
    n_val: Count
    batch_size: Count
    simulator: Literal["exact"]

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


class AnyNet(Open):
    """Any network; its keys are its constructor's arguments."""

    target: ClassPath


class AnyModel(Open):
    """What the training reads of any model."""

    name: Word
    state_space: StateSpace
    net: AnyNet
    learning_rate: Positive
    weight_decay: NonNegative


class LeaveOneOutConv(AnyNet, Strict):
    """The ``net`` of conf/model/leave_one_out.yaml; a radius beyond the ring is clipped to it."""

    width: Count
    radius: Count
    depth: Annotated[int, Field(ge=0)]
    odd: bool


class LeaveOneOut(AnyModel, Strict):
    """conf/model/leave_one_out.yaml."""

    state_space: Literal["spin"]
    net: LeaveOneOutConv


class DilatedChainNet(AnyNet, Strict):
    """The ``net`` of conf/model/chain_net.yaml."""

    channels: Count
    depth: Count
    n_modes: Annotated[int, Field(ge=0)]
    odd: bool
    reflection: bool


class ChainNet(AnyModel, Strict):
    """conf/model/chain_net.yaml."""

    state_space: Literal["real"]
    net: DilatedChainNet
    skip: Literal["none", "wiener", "two_wells"]


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


class Trainer(Strict):
    """conf/trainer."""

    max_steps: Count
    accelerator: Literal["cpu", "gpu", "auto"]
    devices: Count
    precision: Literal["32-true"]
    val_every_n_steps: Count
    gradient_clip_val: Positive | None


class Callbacks(Strict):
    """conf/callbacks."""

    ema_decay: Annotated[float, Field(ge=0, lt=1)]
    progress_bar: bool


class Metrics(Strict):
    """conf/metrics. Fewer than 100 null draws cannot tell p < 0.01, the level of every verdict."""

    n_score: Annotated[int, Field(ge=2)]
    n_levels: Annotated[int, Field(ge=2)]
    n_null: Annotated[int, Field(ge=100)]
    n_bootstrap: Annotated[int, Field(ge=100)]


# Section -> the schema of each known name; None stands for every other name.
SCHEMAS: dict[str, dict[str | None, type[BaseModel]]] = {
    "dataset": {"ising_ring": IsingRing, "ginzburg_landau": GinzburgLandau, None: AnyDataset},
    "sde": {"vp": VariancePreserving, "spin_flip": SpinFlip, None: AnyProcess},
    "model": {"leave_one_out": LeaveOneOut, "chain_net": ChainNet, None: AnyModel},
    "loss": {"denoising": Denoising, "ratio_matching": RatioMatching, None: AnyLoss},
    "sampler": {
        "analytic": SpinSampler,
        "euler": SpinSampler,
        "euler_maruyama": RealSampler,
        "heun": RealSampler,
        None: AnySampler,
    },
    "trainer": {None: Trainer},
    "callbacks": {None: Callbacks},
    "metrics": {None: Metrics},
}


def schema_of(section: str, name: Any) -> type[BaseModel]:
    """The schema that a section with this ``name`` is held to."""
    known = SCHEMAS[section]
    return known.get(name if isinstance(name, str) else None, known[None])
