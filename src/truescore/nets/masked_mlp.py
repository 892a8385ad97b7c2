"""A network without a geometry for sites that are masked, all answers in one pass."""

import torch
from torch import Tensor, nn

from truescore.errors import UserError
from truescore.nets.layers import check_shape, check_sites, start_at_zero


class MaskedMLP(nn.Module):
    """A residual perceptron that reads every site, or that it is masked, and answers for all.

    Under masks alone (``masked_only``): the answer for a site is asked where the site is masked, so
    that leaving it out needs no care, and one pass serves all sites. There P(x_0^i | x_t) does not
    depend on the time either (Ou et al. 2024, arXiv 2406.03736), so the network is not told it.
    Layers are h + W2 SiLU(W1 norm(h)); the answer starts at zero. Sites are spins, or states shown
    as one-hot channels of ``n_symbols`` symbols, of which the mask is one.

    Args:
        dim: number of sites d.
        width: units of h; twice as many within a layer.
        depth: residual layers.
        n_symbols: m, channels of a noisy site; ``None`` for spins.
        n_states: q, logits of a clean site; ``None`` for spins.
    """

    masked_only = True

    def __init__(
        self,
        dim: int,
        width: int = 256,
        depth: int = 3,
        n_symbols: int | None = None,
        n_states: int | None = None,
    ) -> None:
        super().__init__()
        if min(width, depth) < 1:
            raise UserError(f"got width={width}, depth={depth}, expected at least 1: raise it")
        check_sites(n_symbols, n_states)
        self.dim = dim
        self.n_symbols = n_symbols
        self.read = nn.Linear(dim * (n_symbols or 2), width)
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, 2 * width),
                nn.SiLU(),
                nn.Linear(2 * width, width),
            )
            for _ in range(depth)
        )
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, dim * (n_states or 1)))
        start_at_zero(self.head[1])  # type: ignore[arg-type]

    def forward(self, x_t: Tensor, noise_level: Tensor) -> Tensor:
        """Map sites to logits; any noise level will do.

        Spins, 0 where masked, ``(n, d) -> (n, d)``; states ``(n, d, m) -> (n, d, q)``.
        """
        check_shape(x_t, self.dim, self.n_symbols)
        seen = torch.cat([x_t, x_t.abs()], 1) if self.n_symbols is None else x_t.flatten(1)
        h = self.read(seen)
        for layer in self.layers:
            h = h + layer(h)
        answer = self.head(h)
        return answer if self.n_symbols is None else answer.unflatten(1, (self.dim, -1))
