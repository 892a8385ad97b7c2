"""Networks and what stands around them."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from truescore.config.schema.fields import (
    ClassPath,
    Count,
    Discrete,
    NonNegative,
    Open,
    Positive,
    Strict,
    Word,
)
from truescore.state_space import Scope


class AnyNet(Open):
    """Any network; its keys are its constructor's arguments."""

    target: ClassPath


class AnyModel(Open):
    """What the training reads of any model."""

    name: Word
    state_space: Scope
    net: AnyNet
    learning_rate: Positive
    weight_decay: NonNegative
    # A file without them trains as the framework does.
    schedule: Literal["cosine", "constant"] = "cosine"
    beta2: Annotated[float, Field(ge=0, lt=1)] = 0.99


class LeaveOneOutConv(AnyNet, Strict):
    """The ``net`` of conf/model/leave_one_out.yaml; a radius beyond the ring is clipped to it."""

    width: Count
    radius: Count
    depth: Annotated[int, Field(ge=0)]
    odd: bool


class LeaveOneOut(AnyModel, Strict):
    """conf/model/leave_one_out.yaml."""

    state_space: Discrete
    net: LeaveOneOutConv


class LeaveOneOutMLPNet(AnyNet, Strict):
    """The ``net`` of conf/model/leave_one_out_mlp.yaml."""

    width: Count
    depth: Count


class LeaveOneOutMLP(AnyModel, Strict):
    """conf/model/leave_one_out_mlp.yaml."""

    state_space: Discrete
    net: LeaveOneOutMLPNet


class MaskedMLPNet(AnyNet, Strict):
    """The ``net`` of conf/model/masked_mlp.yaml."""

    width: Count
    depth: Count


class MaskedMLP(AnyModel, Strict):
    """conf/model/masked_mlp.yaml."""

    state_space: Discrete
    net: MaskedMLPNet


class LeaveOneOutConv2dNet(AnyNet, Strict):
    """The ``net`` of conf/model/leave_one_out_2d.yaml; a radius is clipped to the lattice."""

    rows: Count
    columns: Count
    width: Count
    radius: Count
    depth: Count
    odd: bool


class LeaveOneOut2d(AnyModel, Strict):
    """conf/model/leave_one_out_2d.yaml."""

    state_space: Literal["spin"]
    net: LeaveOneOutConv2dNet


class LeaveOneOutPyramidNet(AnyNet, Strict):
    """The ``net`` of conf/model/leave_one_out_pyramid.yaml; its reach is clipped to the ring."""

    width: Count
    radius: Count
    depth: Count
    odd: bool
    reflection: bool


class LeaveOneOutPyramid(AnyModel, Strict):
    """conf/model/leave_one_out_pyramid.yaml."""

    state_space: Discrete
    net: LeaveOneOutPyramidNet


class LeaveOneOutMessagesNet(AnyNet, Strict):
    """The ``net`` of conf/model/leave_one_out_messages.yaml; its radius is clipped to the ring."""

    width: Count | None
    radius: Count
    odd: bool


class LeaveOneOutMessages(AnyModel, Strict):
    """conf/model/leave_one_out_messages.yaml."""

    state_space: Discrete
    net: LeaveOneOutMessagesNet


class HollowTransformerNet(AnyNet, Strict):
    """The ``net`` of conf/model/hollow_transformer.yaml."""

    width: Count
    depth: Count
    heads: Count

    @field_validator("heads")
    @classmethod
    def _divides(cls, value: int, info: ValidationInfo) -> int:
        width = info.data.get("width", 0)
        if width % value:
            raise ValueError(f"a divisor of model.net.width={width}")
        return value


class HollowTransformer(AnyModel, Strict):
    """conf/model/hollow_transformer.yaml."""

    state_space: Discrete
    net: HollowTransformerNet


class RotConvFilmNet(AnyNet, Strict):
    """The ``net`` of conf/model/rot_conv_film.yaml."""


class RotConvFilm(AnyModel, Strict):
    """conf/model/rot_conv_film.yaml."""

    state_space: Literal["spin"]
    net: RotConvFilmNet


class CouplingsNet(AnyNet, Strict):
    """The ``net`` of conf/model/couplings.yaml."""

    lattice: list[Annotated[int, Field(ge=3)]]
    all_pairs: bool


class Couplings(AnyModel, Strict):
    """conf/model/couplings.yaml."""

    state_space: Literal["spin"]
    net: CouplingsNet


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


class Prediction(AnyModel):
    """What the files of plain networks share."""

    state_space: Literal["real"]
    prediction: Literal["score", "noise", "x_0", "v", "edm", "velocity"]


class MLPNet(AnyNet, Strict):
    """The ``net`` of conf/model/mlp.yaml."""

    width: Count
    depth: Count
    activation: Literal["tanh", "softplus", "silu"]
    time: bool


class MLP(Prediction, Strict):
    """conf/model/mlp.yaml."""

    net: MLPNet


class ResidualMLPNet(AnyNet, Strict):
    """The ``net`` of conf/model/residual_mlp.yaml."""

    width: Count
    depth: Count


class ResidualMLP(Prediction, Strict):
    """conf/model/residual_mlp.yaml."""

    net: ResidualMLPNet


class UNet1d(AnyNet, Strict):
    """The ``net`` of conf/model/unet.yaml."""

    channels: Count
    depth: Count


class UNet(Prediction, Strict):
    """conf/model/unet.yaml."""

    net: UNet1d


class PlainCNNNet(AnyNet, Strict):
    """The ``net`` of conf/model/plain_cnn.yaml."""

    channels: Count
    depth: Count
    kernel_size: Count

    @field_validator("kernel_size")
    @classmethod
    def _has_a_centre(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError("an odd integer: a convolution needs a centre")
        return value


class PlainCNN(Prediction, Strict):
    """conf/model/plain_cnn.yaml."""

    net: PlainCNNNet


MODELS: dict[str | None, type[BaseModel]] = {
    "leave_one_out": LeaveOneOut,
    "leave_one_out_mlp": LeaveOneOutMLP,
    "masked_mlp": MaskedMLP,
    "leave_one_out_2d": LeaveOneOut2d,
    "leave_one_out_messages": LeaveOneOutMessages,
    "leave_one_out_pyramid": LeaveOneOutPyramid,
    "hollow_transformer": HollowTransformer,
    "rot_conv_film": RotConvFilm,
    "couplings": Couplings,
    "chain_net": ChainNet,
    "mlp": MLP,
    "residual_mlp": ResidualMLP,
    "unet": UNet,
    "plain_cnn": PlainCNN,
    None: AnyModel,
}
