"""The keys of the laboratory outside every section, and its sections."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from truescore.config.schema.dataset import DATASETS
from truescore.config.schema.dynamics import DYNAMICS
from truescore.config.schema.fields import Strict, Word
from truescore.config.schema.integrator import INTEGRATORS


class Simulation(Strict):
    """conf/simulate.yaml. Its tests lean on the central limit, so on a hundred points or more."""

    name: Word
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    n_points: Annotated[int, Field(ge=100)]
    n_snapshots: Annotated[int, Field(ge=2, le=12)]
    n_frames: Annotated[int, Field(ge=2, le=500)]
    dataset: dict[str, Any]
    dynamics: dict[str, Any]
    integrator: dict[str, Any]


SIMULATION_SCHEMAS: dict[str, dict[str | None, type[BaseModel]]] = {
    "dataset": DATASETS,
    "dynamics": DYNAMICS,
    "integrator": INTEGRATORS,
}
