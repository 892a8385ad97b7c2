"""A network's evaluations as CUDA graphs: one launch for all of its kernels."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from truescore.errors import UserError, reason

# Libraries choose their kernels and take their memory at the first calls, which no graph may hold.
WARM_UP = 3
# Samplers that move some of the points alone ask at ever other shapes, each a graph of its own.
MOST_SHAPES = 4
Function = Callable[..., Tensor]


class Captured(NamedTuple):
    """A recorded evaluation.

    Attributes:
        inputs: where a replay reads.
        answer: where it writes.
        replay: does it.
    """

    inputs: tuple[Tensor, ...]
    answer: Tensor
    replay: Callable[[], None]


class Replayed:
    """A function of tensors, recorded at its first call with a shape and replayed from then on.

    Past `MOST_SHAPES` shapes it is evaluated as it stands.

    It must be the same kernels whatever the values are: nothing may be read back from the device.

    Args:
        function: what to evaluate; its parameters stay where they are while this is used.
        capture: records one evaluation.
    """

    def __init__(
        self, function: Function, capture: Callable[[Function, Sequence[Tensor]], Captured]
    ) -> None:
        self.function = function
        self.capture = capture
        self.captured: dict[Any, Captured] = {}

    def __call__(self, *inputs: Tensor) -> Tensor:
        """The function's answer, in memory of its own."""
        shapes = tuple((x.shape, x.dtype) for x in inputs)
        if shapes not in self.captured:
            if len(self.captured) == MOST_SHAPES:
                return self.function(*inputs)
            self.captured[shapes] = self.capture(self.function, inputs)
        captured = self.captured[shapes]
        for kept, given in zip(captured.inputs, inputs, strict=True):
            kept.copy_(given)
        captured.replay()
        return captured.answer.clone()  # which the next replay leaves alone


def capture(function: Function, inputs: Sequence[Tensor]) -> Captured:
    """Record one evaluation on the current GPU.

    Raises:
        RuntimeError: of torch, if the function reads a value back or copies from the host.
    """
    kept = tuple(x.clone() for x in inputs)
    current, side = torch.cuda.current_stream(), torch.cuda.Stream()
    side.wait_stream(current)
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            function(*kept)
    current.wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    # The outer one goes back to where it was even if the recording fails.
    with torch.cuda.stream(current), torch.cuda.graph(graph):
        answer = function(*kept)
    return Captured(kept, answer, graph.replay)


@contextmanager
def replayed(net: nn.Module, asked: bool = True) -> Iterator[None]:
    """Within it, and on a GPU, a network's evaluations are replayed.

    For sampling, whose steps ask a small network again and again at one shape: what they wait for
    is the launch of its kernels, one by one. For inference alone.

    Args:
        net: on the CPU it is left as it is.
        asked: whether to do so at all.

    Raises:
        UserError: an evaluation that cannot be recorded.
    """
    if not asked or not on_gpu(net):
        yield
        return
    own = net.__dict__.get("forward")
    net.forward = Replayed(net.forward, _captured_or_refused)
    try:
        yield
    finally:
        if own is None:
            del net.forward
        else:
            net.forward = own


def on_gpu(net: nn.Module) -> bool:
    """Whether a network's parameters are on a GPU."""
    return any(parameter.is_cuda for parameter in net.parameters())


def _captured_or_refused(function: Function, inputs: Sequence[Tensor]) -> Captured:
    try:
        return capture(function, inputs)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        cause = error.__context__ if isinstance(error.__context__, Exception) else error
        raise UserError(
            "got trainer.cuda_graphs=true with a network that cannot be recorded"
            f" ({reason(cause)}), expected one that reads no value back from the GPU:"
            " set trainer.cuda_graphs=false"
        ) from error
