"""Types that sections share."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
# Of a run from before there were states: spin.
Discrete = Literal["discrete", "spin"]
UnitInterval = Annotated[float, Field(gt=0, lt=1)]
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
