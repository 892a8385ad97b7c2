"""The Swiss roll seen from its side: a mixture of Gaussians along a spiral."""

import math
from functools import cached_property, lru_cache
from typing import Any

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.targets.base import Target, check_fixed_dim, check_width
from truescore.targets.chain_sampling import Tabulated
from truescore.targets.kernel_mixture import SMALLEST_ALPHA, KernelMixture
from truescore.targets.quadrature import panels

START, END = 1.5 * math.pi, 4.5 * math.pi
SCALE = 10.0
PANEL = 32
# Beyond it points lie so far outside that only a diverged sampler reaches them.
MOST_PANELS = 4096
# Cells of the tabulated marginals per standard deviation of the noise.
CELLS = 100


class SwissRoll(Target):
    """x = ((t cos t, t sin t) + noise z) / 10, t = 3 pi/2 (1 + 2u), u uniform on [0, 1], z normal.

    Coordinates 0 and 2 of ``sklearn.datasets.make_swiss_roll``, divided by 10. Integrals over t are
    Gauss-Legendre sums, with as many nodes as the narrower of the noises asks for.

    Args:
        dim: 2.
        noise: standard deviation around the spiral before the division, > 0.
    """

    dim = 2
    state_space = "real"
    temperature = 1.0

    def __init__(self, dim: int = 2, noise: float = 0.5) -> None:
        check_fixed_dim(self, dim)
        if not noise > 0:
            raise UserError(f"got noise={noise}, expected > 0: without it there is no density")
        self.noise = noise
        self.bandwidth = noise / SCALE

    def log_prob(self, x: Tensor) -> Tensor:
        """Normalised log p(x), ``(n,)``, float64."""
        one = torch.ones(len(x), dtype=torch.float64, device=x.device)
        return self.gaussian_posterior(x, one, 0 * one)[0]

    def energy(self, x: Tensor) -> Tensor:
        """-log p(x), ``(n,)``: the energy at temperature 1 whose log Z is 0."""
        return -self.log_prob(x)

    def score(self, x: Tensor) -> Tensor:
        """Grad log p(x), ``(n, 2)``, float64."""
        check_width(x, 2)
        one = torch.ones(len(x), dtype=torch.float64, device=x.device)
        result = torch.empty(x.shape, dtype=torch.float64, device=x.device)
        for count, rows in self._resolutions(x.double(), one, 0 * one):
            result[rows] = _mixture(self.bandwidth, count).score(x[rows])
        return result

    def gaussian_posterior(
        self, x_t: Tensor, alpha: Tensor, sigma: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Log evidence and posterior mean; see ``Target.gaussian_posterior``. sigma may be 0."""
        check_width(x_t, 2)
        x_t, alpha, sigma = x_t.double(), alpha.double(), sigma.double()
        evidence, mean = torch.empty_like(alpha), torch.empty_like(x_t)
        for count, rows in self._resolutions(x_t, alpha, sigma):
            law = _mixture(self.bandwidth, count)
            evidence[rows], mean[rows] = law.gaussian_posterior(x_t[rows], alpha[rows], sigma[rows])
        return evidence, mean

    def _resolutions(self, x_t: Tensor, alpha: Tensor, sigma: Tensor) -> list[tuple[int, Tensor]]:
        """Numbers of panels, each with the rows that need it.

        With c(t) the spiral, y = x_t/alpha and w^2 = b^2 + sigma^2/alpha^2, the exponent
        -|y - c|^2 / (2 w^2) has a second derivative of at most (|c'|^2 + |y - c| |c''|) / w^2,
        and |c'|, |c''| <= 1.43.
        """
        alpha = alpha.clamp(min=SMALLEST_ALPHA)
        width = torch.hypot(sigma / alpha, torch.full_like(alpha, self.bandwidth))
        distance = (x_t / alpha[:, None]).norm(dim=1).clamp(min=0.5)
        nodes = 2 * (END - START) * (2 + 1.43 * distance).sqrt() / width
        # Few distinct values, so that samples share a batch; NaN must reach the caller, not crash.
        counts = (4 * torch.ceil(nodes / PANEL / 4)).nan_to_num(4).clamp(4, MOST_PANELS).long()
        return [(count, (counts == count).nonzero()[:, 0]) for count in counts.unique().tolist()]

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw ``n`` independent samples, ``(n, 2)``, float32."""
        uniform = torch.rand(n, dtype=torch.float64, generator=generator)
        z = torch.randn(n, 2, dtype=torch.float64, generator=generator)
        return (_spiral(START + (END - START) * uniform) + self.bandwidth * z).float()

    def mean(self) -> Tensor:
        """Exact E[x], ``(2,)``."""
        return self._fine.mean()

    def covariance(self) -> Tensor:
        """Exact Cov[x], ``(2, 2)``."""
        return self._fine.covariance()

    def squared_deviations(self) -> Tensor:
        """Exact E[(x_i - mu_i)^2 (x_j - mu_j)^2], ``(2, 2)``."""
        return self._fine.squared_deviations()

    def marginal(self, site: int, x: Tensor) -> Tensor:
        """Density of x_site at the points x, ``(m,)``."""
        if site not in (0, 1):
            raise UserError(f"got site={site}, expected 0 or 1")
        return self._fine.marginal(site, x)

    def marginal_cdf(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """P(X_i <= x_i) twice, ``(n, 2)``, to about 1e-10."""
        check_width(x, 2)
        columns = x.double().T.contiguous()
        tables = zip(self._tables, columns, strict=True)
        cdf = torch.stack([table.evaluate(column) for table, column in tables], 1)
        return cdf, cdf

    def parameters(self) -> dict[str, Any]:
        """Plain values that determine the law."""
        return {"noise": self.noise}

    @property
    def _fine(self) -> KernelMixture:
        one = torch.ones(1, dtype=torch.float64)
        ((count, _),) = self._resolutions(torch.full((1, 2), 2.0).double(), one, 0 * one)
        return _mixture(self.bandwidth, count)

    @cached_property
    def _tables(self) -> list[Tabulated]:
        reach = END / SCALE + 9 * self.bandwidth
        cells = math.ceil(2 * reach / self.bandwidth * CELLS)
        grid = torch.linspace(-reach, reach, cells + 1, dtype=torch.float64)
        return [Tabulated(grid, self.marginal(site, grid)[None]) for site in range(2)]


def _spiral(t: Tensor) -> Tensor:
    """c(t), ``(n,) -> (n, 2)``."""
    return torch.stack([t * t.cos(), t * t.sin()], 1) / SCALE


@lru_cache(maxsize=32)
def _mixture(bandwidth: float, count: int) -> KernelMixture:
    """The roll with t on a quadrature rule of ``count`` panels."""
    edges = torch.linspace(START, END, count + 1, dtype=torch.float64).tolist()
    nodes, log_weights = panels(edges, PANEL)
    return KernelMixture(_spiral(nodes), bandwidth, log_weights.exp())
