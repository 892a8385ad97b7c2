"""The keys of a run outside every section, and the sections that no law decides."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from truescore.config.schema.fields import Count, Positive, Strict, Word
from truescore.state_space import StateSpace

# Distance -> the state spaces it has a meaning in.
DISTANCES: dict[str, tuple[StateSpace, ...]] = {
    "energy_distance": ("real", "spin"),
    "mmd": ("real", "spin"),
    "hamming_mmd": ("spin",),
    "sliced_wasserstein": ("real",),
    "wasserstein_1": ("real",),
    "wasserstein_2": ("real",),
    "c2st": ("real", "spin"),
    "total_variation": ("real",),
}
NEED_TRANSPORT = frozenset({"wasserstein_1", "wasserstein_2"})


class Study(Strict):
    """Of a sweep alone."""

    retry: Literal["unfinished", "failed"] = "unfinished"


class Run(Strict):
    """The keys of a run outside every section, and the sections it must have."""

    name: Word
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    ckpt_path: str | None
    # A run from before there were sweeps that go on has none.
    study: Study = Study()
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


class Trainer(Strict):
    """conf/trainer."""

    max_steps: Count
    accelerator: Literal["cpu", "gpu", "auto"]
    devices: Count
    num_nodes: Count = 1  # a run from before there was a choice has none
    precision: Literal["32-true", "bf16-mixed"]
    # A run from before there were choices has none of them.
    threads: Count | None = None
    compile: bool = False
    cuda_graphs: bool = False
    profiler: Literal["simple", "advanced", "pytorch"] | None = None
    val_every_n_steps: Count
    gradient_clip_val: Positive | None
    min_gradient_norm: Positive | None = None  # a run from before there was a choice

    @field_validator("compile")
    @classmethod
    def _has_a_compiler(cls, value: bool) -> bool:
        compiler = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")
        if value and which(compiler) is None:
            raise ValueError(
                f"false, as there is no C++ compiler {compiler}: install it or set CXX"
            )
        return value

    @field_validator("cuda_graphs")
    @classmethod
    def _has_a_gpu(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("accelerator") == "cpu":
            raise ValueError("false, as nothing runs on a GPU: use trainer=gpu")
        return value


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
    # A run from before there were bounds or distances can be judged again.
    n_bound: Annotated[int, Field(ge=0)] = 0
    distances: list[str] = []

    @field_validator("n_bound")
    @classmethod
    def _has_a_spread(cls, value: int) -> int:
        if value == 1:
            raise ValueError("0 for no bound, or at least 2")
        return value

    @field_validator("distances", mode="before")
    @classmethod
    def _are_known(cls, value: Any) -> Any:
        known = isinstance(value, list) and all(
            isinstance(name, str) and name in DISTANCES for name in value
        )
        if not known or len(set(value)) < len(value):
            raise ValueError(f"a list of some of {', '.join(DISTANCES)}, each once; [] for none")
        if not NEED_TRANSPORT.isdisjoint(value) and find_spec("ot") is None:
            raise ValueError("others, as these need the library POT: pip install pot")
        return value
