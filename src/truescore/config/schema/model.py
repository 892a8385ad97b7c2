"""Networks and what stands around them."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

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
    skip: Literal["none", "wiener", "two_wells", "mixture"]


MODELS: dict[str | None, type[BaseModel]] = {
    "leave_one_out": LeaveOneOut,
    "chain_net": ChainNet,
    None: AnyModel,
}
