"""Networks: ``net(x, noise level)``; they know nothing of laws, processes or samplers."""

from truescore.nets.dilated_chain import DilatedChainNet
from truescore.nets.leave_one_out import LeaveOneOutConv

__all__ = ["DilatedChainNet", "LeaveOneOutConv"]
