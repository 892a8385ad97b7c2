"""A dilated residual network on an open chain between walls."""

import math

import torch
from torch import Tensor, nn

from truescore.errors import UserError
from truescore.nets.layers import NoiseEmbedding, start_at_zero
from truescore.nets.site_layers import SiteConv, site_gate, site_silu


class DilatedChainNet(nn.Module):
    """Residual blocks of dilated convolutions, beside a small network on the longest sine waves.

    The noise level and, because walls break translation, the position modulate every activation.
    The waves sin(pi k i / (d + 1)), k = 1 .. n_modes, carry what no local window sees: the
    coherent motion of the whole chain.

    Args:
        dim: number of sites.
        channels: width of the convolutions.
        depth: number of blocks; block b has dilation 2^b.
        n_modes: sine waves given to the global network, at most dim; 0 leaves it out.
        in_channels: fields given to the network.
        out_channels: fields it gives back; the waves' network answers for the last of them.
        odd: build in f(-x) = -f(x), exactly, in the same single pass.
        reflection: build in f(x reversed) = f(x) reversed.

    Attributes:
        reach: how many sites to either side the convolutions see; the waves see all.
    """

    def __init__(
        self,
        dim: int,
        channels: int = 16,
        depth: int = 4,
        n_modes: int = 8,
        in_channels: int = 3,
        out_channels: int = 2,
        odd: bool = True,
        reflection: bool = True,
    ) -> None:
        super().__init__()
        if min(channels, depth) < 1 or not 0 <= n_modes <= dim:
            raise UserError(
                f"got channels={channels}, depth={depth}, n_modes={n_modes}, expected channels and"
                f" depth at least 1 and n_modes from 0 to dim={dim}"
            )
        bias = not odd
        self.activation = site_gate if odd else site_silu
        self.reflection = reflection
        self.reach = min(2**depth, dim - 1)
        self.embedding = NoiseEmbedding(channels)
        self.film = nn.Linear(channels, 2 * channels * depth)
        self.position = nn.Parameter(torch.zeros(depth, 2, dim, channels))
        self.lift = SiteConv(in_channels, channels, 1, bias, reflection)
        self.spread = nn.ModuleList(
            SiteConv(channels, channels, 2**b, bias, reflection) for b in range(depth)
        )
        self.merge = nn.ModuleList(nn.Linear(channels, channels, bias=bias) for _ in range(depth))
        self.head = nn.Linear(channels, out_channels, bias=bias)
        start_at_zero(self.head)
        self.waves_net = WavesNet(dim, n_modes, in_channels, odd, reflection) if n_modes else None

    def forward(self, fields: Tensor, noise_level: Tensor) -> Tensor:
        """Map fields ``(n, d, c)`` at noise levels ``(n,)`` to fields ``(n, d, c')``."""
        film = self.film(self.embedding(noise_level))[:, None].chunk(2 * len(self.spread), -1)
        position = self.position
        if self.reflection:
            position = (position + position.flip(2)) / 2
        h = self.lift(fields)
        for b, (spread, merge) in enumerate(zip(self.spread, self.merge, strict=True)):
            h = h + merge(self.activation(spread(h), *film[2 * b : 2 * b + 2], *position[b]))
        answer = self.head(h)
        if self.waves_net is None:
            return answer
        long_waves = self.waves_net(fields, noise_level)[..., None]
        return torch.cat([answer[..., :-1], answer[..., -1:] + long_waves], -1)


class WavesNet(nn.Module):
    """A perceptron on the amplitudes of the longest sine waves of the fields.

    Waves with odd k are symmetric under reflection, those with even k change sign. Hidden units
    are of one kind or the other and only their magnitudes meet, which keeps both symmetries.
    """

    waves: Tensor

    def __init__(
        self, dim: int, n_modes: int, in_channels: int, odd: bool, reflection: bool, width: int = 64
    ) -> None:
        super().__init__()
        i, k = torch.arange(1, dim + 1), torch.arange(1, n_modes + 1)
        sines = (math.pi * i[:, None] * k / (dim + 1)).sin() * math.sqrt(2 / (dim + 1))
        self.register_buffer("waves", sines, persistent=False)
        self.embedding = NoiseEmbedding(width)
        self.film = nn.Linear(width, 2 * width)
        self.enter = nn.Linear(in_channels * n_modes, width, bias=not odd)
        self.meet = nn.Linear(width, width)
        self.inner = nn.Linear(width, width, bias=not odd)
        self.leave = nn.Linear(width, n_modes, bias=not odd)
        start_at_zero(self.leave)
        wave, unit = torch.arange(n_modes) % 2, torch.arange(width) % 2
        waves = wave.repeat(in_channels)
        kinds = {"enter": (waves, unit), "inner": (unit, unit), "leave": (unit, wave)}
        for name, (source, goal) in kinds.items():
            free = torch.full((len(goal), len(source)), not reflection)
            mask = free | (goal[:, None] == source)
            # A constant is symmetric: reflection leaves it to the units of that kind.
            constant = free[:, 0] | (goal == 0)
            self.register_buffer(f"{name}_mask", mask.float(), persistent=False)
            self.register_buffer(f"{name}_constant", constant.float(), persistent=False)

    def forward(self, fields: Tensor, noise_level: Tensor) -> Tensor:
        """Map fields ``(n, d, c)`` to a field ``(n, d)`` made of the longest waves."""
        amplitudes = (fields.mT @ self.waves).flatten(1)
        a, b = self.film(self.embedding(noise_level)).chunk(2, -1)
        h = self._masked("enter", amplitudes)
        h = h * torch.sigmoid(a * h.abs() + self.meet(h.abs()) + b)
        inner = self._masked("inner", h)
        h = h + inner * torch.sigmoid(self.meet(inner.abs()) + b)
        return self._masked("leave", h) @ self.waves.mT

    def _masked(self, name: str, h: Tensor) -> Tensor:
        layer, mask = getattr(self, name), getattr(self, f"{name}_mask")
        bias = None if layer.bias is None else layer.bias * getattr(self, f"{name}_constant")
        return nn.functional.linear(h, layer.weight * mask, bias)
