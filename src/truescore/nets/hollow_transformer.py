"""A transformer whose output i never sees input i."""

import torch
from torch import Tensor, nn

from truescore.errors import UserError
from truescore.nets.layers import (
    FilmSiLU,
    NoiseEmbedding,
    check_shape,
    check_sites,
    start_at_zero,
)


class HollowTransformer(nn.Module):
    """Two causal transformers, left to right and right to left, and a merge site by site.

    At place i stand x^{i-1} in the one, x^{i+1} in the other, and what is learned of the place;
    attention goes to places up to i, or from i on. So one stream has seen all sites before i, the
    other all after, and none x_i: flipping it leaves output i the same to the bit. Every site sees
    all others, places are told apart, and a pass costs d^2: for laws without a geometry, or with
    long reach. The answer starts at zero. Sun et al. 2023, arXiv 2211.16750, section 4.3.

    Times x_i it is locally equivariant, odd under a flip of site i alone, and every locally
    equivariant network for spins (Holderrieth et al. 2025, arXiv 2502.10843) is x_i times a
    function of the other sites: log p(x)/p(flip_i x) = x_i * (log-odds of site i given the others).

    Sites are spins, or states shown as one-hot channels of ``n_symbols`` symbols.

    Args:
        dim: number of sites d.
        width: channels, a multiple of ``heads``.
        depth: blocks of attention and perceptron in a stream.
        heads: of attention.
        n_symbols: m, channels of a noisy site; ``None`` for spins.
        n_states: q, logits of a clean site; ``None`` for spins.
    """

    def __init__(
        self,
        dim: int,
        width: int = 32,
        depth: int = 2,
        heads: int = 4,
        n_symbols: int | None = None,
        n_states: int | None = None,
    ) -> None:
        super().__init__()
        if min(width, depth, heads) < 1 or width % heads:
            raise UserError(
                f"got width={width}, depth={depth}, heads={heads}, expected at least 1, and a width"
                " that heads divide: change them"
            )
        check_sites(n_symbols, n_states)
        self.dim = dim
        self.n_symbols = n_symbols
        self.embedding = NoiseEmbedding(width)
        self.before = CausalStream(dim, width, depth, heads, n_symbols)
        self.after = CausalStream(dim, width, depth, heads, n_symbols)
        self.merge = nn.Linear(2 * width, 2 * width)
        self.film = nn.Linear(width, 4 * width)
        self.activation = FilmSiLU()
        self.head = nn.Linear(2 * width, n_states or 1)
        start_at_zero(self.head)

    def forward(self, x_t: Tensor, noise_level: Tensor) -> Tensor:
        """Map sites at noise levels ``(n,)`` to leave-one-out logits.

        Spins ``(n, d) -> (n, d)``; states ``(n, d, m) -> (n, d, q)``.
        """
        check_shape(x_t, self.dim, self.n_symbols)
        noise = self.embedding(noise_level)
        before = self.before(x_t, noise)
        after = self.after(x_t.flip(1), noise).flip(1)
        h = torch.cat([before, after], -1)
        a, b = self.film(noise)[:, None].chunk(2, -1)
        answer = self.head(h + self.activation(self.merge(h), a, b))
        return answer[..., 0] if self.n_symbols is None else answer


class CausalStream(nn.Module):
    """What the sites before each say, by attention.

    Args:
        dim: number of sites.
        width: channels.
        depth: number of blocks.
        heads: of attention.
        n_symbols: channels of a site; ``None`` for spins.
    """

    def __init__(self, dim: int, width: int, depth: int, heads: int, n_symbols: int | None) -> None:
        super().__init__()
        shape = (width,) if n_symbols is None else (n_symbols, width)
        self.spin = nn.Parameter(torch.randn(shape))
        self.place = nn.Parameter(torch.randn(dim, width))
        self.noise = nn.Linear(width, width)
        self.blocks = nn.ModuleList(CausalBlock(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """Map sites ``(n, d)`` or ``(n, d, m)`` and noise ``(n, width)`` to ``(n, d, width)``."""
        sites = x[..., None] if x.ndim == 2 else x
        preceding = nn.functional.pad(sites, (0, 0, 1, -1))
        h = (
            preceding @ self.spin.view(sites.shape[-1], -1)
            + self.place
            + self.noise(noise)[:, None]
        )
        for block in self.blocks:
            h = block(h)
        return self.norm(h)


class CausalBlock(nn.Module):
    """Attention to all places up to one's own, then a perceptron; norms before both.

    Args:
        width: channels.
        heads: of attention.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm, self.norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.enter = nn.Linear(width, 3 * width)
        self.leave = nn.Linear(width, width)
        self.perceptron = nn.Sequential(
            nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width)
        )

    def forward(self, h: Tensor) -> Tensor:
        """Map ``(n, d, width)`` to the same."""
        parts = self.enter(self.attention_norm(h)).chunk(3, -1)
        query, key, value = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        seen = nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        h = h + self.leave(seen.transpose(1, 2).flatten(2))
        return h + self.perceptron(self.norm(h))
