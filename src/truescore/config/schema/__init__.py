"""What every section of a configuration may hold.

One class per file of a config group, found by the section's ``name``. A name that is not in
`SCHEMAS` is somebody's own law, process, network, loss or sampler: it is held to the section's
``Any...`` class, which checks the keys the framework itself reads and lets the others through.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from truescore.config.schema.dataset import DATASETS
from truescore.config.schema.loss import LOSSES
from truescore.config.schema.model import MODELS
from truescore.config.schema.run import Callbacks, Metrics, Run, Trainer
from truescore.config.schema.sampler import SAMPLERS
from truescore.config.schema.sde import PROCESSES
from truescore.state_space import StateSpace

__all__ = ["SCHEMAS", "Run", "StateSpace", "schema_of"]

# Section -> the schema of each known name; None stands for every other name.
SCHEMAS: dict[str, dict[str | None, type[BaseModel]]] = {
    "dataset": DATASETS,
    "sde": PROCESSES,
    "model": MODELS,
    "loss": LOSSES,
    "sampler": SAMPLERS,
    "trainer": {None: Trainer},
    "callbacks": {None: Callbacks},
    "metrics": {None: Metrics},
}


def schema_of(known: Mapping[str | None, type[BaseModel]], name: Any) -> type[BaseModel]:
    """The schema that a section with this ``name`` is held to, of those of its group."""
    return known.get(name if isinstance(name, str) else None, known[None])
