"""Networks: ``net(x, noise level)``; they know nothing of laws, processes or samplers."""

from truescore.nets.couplings import Couplings
from truescore.nets.dilated_chain import DilatedChainNet
from truescore.nets.hollow_transformer import HollowTransformer
from truescore.nets.leave_one_out import LeaveOneOutConv
from truescore.nets.leave_one_out_2d import LeaveOneOutConv2d
from truescore.nets.leave_one_out_messages import LeaveOneOutMessages
from truescore.nets.leave_one_out_mlp import LeaveOneOutMLP
from truescore.nets.leave_one_out_pyramid import LeaveOneOutPyramid
from truescore.nets.masked_mlp import MaskedMLP
from truescore.nets.mlp import MLP
from truescore.nets.plain_cnn import PlainCNN
from truescore.nets.residual_mlp import ResidualMLP
from truescore.nets.rot_conv_film import RotConvFilm
from truescore.nets.unet import UNet1d

__all__ = [
    "MLP",
    "Couplings",
    "DilatedChainNet",
    "HollowTransformer",
    "LeaveOneOutConv",
    "LeaveOneOutConv2d",
    "LeaveOneOutMLP",
    "LeaveOneOutMessages",
    "LeaveOneOutPyramid",
    "MaskedMLP",
    "PlainCNN",
    "ResidualMLP",
    "RotConvFilm",
    "UNet1d",
]
