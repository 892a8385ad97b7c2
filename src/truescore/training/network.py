"""How a network runs in training steps; whatever judges it runs it as it stands, in float32."""

from contextlib import AbstractContextManager, nullcontext
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn


def speed_up(net: nn.Module, precision: str, compiled: bool) -> None:
    """Make a network's training steps faster in the ways that were asked for, in place.

    Parameters, buffers and their names stay what they are, and so do checkpoints.

    Args:
        net: the network.
        precision: ``32-true``, or ``bf16-mixed``: matrix products in bfloat16 while
            ``net.training`` holds, with weights and answers in float32. Lightning's plugin of that
            name would also round the loss, its noise levels and the validations.
        compiled: whether `torch.compile` is to fuse it, for the shapes that it meets.
    """
    if precision == "bf16-mixed":
        # Bound, so that a deep copy, of which averages are made, calls itself and not this one.
        net.forward = MethodType(_mixed, net)
    if compiled:
        net.compile(dynamic=False)


def as_it_stands(compiled: bool) -> AbstractContextManager[Any]:
    """Within it, nothing is compiled: judging asks at many shapes, each a compilation of its own.

    Args:
        compiled: whether there is anything to leave aside; asking torch's compiler costs a second.
    """
    return torch.compiler.set_stance("force_eager") if compiled else nullcontext()


def _mixed(net: nn.Module, x: Tensor, *rest: Tensor) -> Tensor:
    with torch.autocast(x.device.type, torch.bfloat16, enabled=net.training):
        answer = type(net).forward(net, x, *rest)
    return answer.to(x.dtype)
