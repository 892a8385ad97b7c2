"""A plain perceptron."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from truescore.errors import UserError

Activation = Literal["tanh", "softplus", "silu"]
ACTIVATIONS: dict[str, type[nn.Module]] = {
    "tanh": nn.Tanh,
    "softplus": nn.Softplus,
    "silu": nn.SiLU,
}
# Noise levels are logarithms between about -5 and 5.
LEVEL_SCALE = 4.0


class MLP(nn.Module):
    """Layers of one width from all coordinates, and the noise level beside them, to all.

    Args:
        dim: number of coordinates d.
        width: hidden units of a layer.
        depth: hidden layers.
        activation: ``tanh``, ``softplus`` or ``silu``.
        time: whether the noise level is an input.
    """

    def __init__(
        self,
        dim: int,
        width: int = 128,
        depth: int = 3,
        activation: Activation = "silu",
        time: bool = True,
    ) -> None:
        super().__init__()
        if min(width, depth) < 1:
            raise UserError(f"got width={width}, depth={depth}, expected at least 1")
        if activation not in ACTIVATIONS:
            known = ", ".join(get_args(Activation))
            raise UserError(f"got activation={activation}, expected one of {known}: choose one")
        self.time = time
        inputs, layers = dim + int(time), []
        for _ in range(depth):
            layers += [nn.Linear(inputs, width), ACTIVATIONS[activation]()]
            inputs = width
        self.layers = nn.Sequential(*layers, nn.Linear(width, dim))

    def forward(self, x: Tensor, noise_level: Tensor) -> Tensor:
        """Map points ``(n, d)`` at noise levels ``(n,)`` to ``(n, d)``."""
        if self.time:
            x = torch.cat([x, noise_level[:, None] / LEVEL_SCALE], -1)
        return self.layers(x)
