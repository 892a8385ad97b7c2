"""Four wells on the line: the textbook example of rare crossings, exact by quadrature."""

import math
from typing import Any

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.targets.base import Target, check_fixed_dim, check_width, moment_observables
from truescore.targets.chain_sampling import Tabulated
from truescore.targets.histogram import histogram_observable
from truescore.targets.observable import Observable

# Height and place of the three barriers, each exp(-80 (x - place)^2).
BARRIERS = ((0.8, 0.0), (0.55, 0.5), (0.3, -0.5))
SHARPNESS = 80.0
# Even bins of the histogram; what lies outside counts too.
HISTOGRAM = (-1.5, 1.5, 100)
# What lies below exp(-40) of the peak is nothing to float64.
TAIL = 40.0
TABLE_CELLS = 2**14
NEWTON_STEPS = 12
BLOCK = 2**13
# Far below, exp(-V/T) vanishes to float64 even in the deepest well, where V = 0.013.
COLDEST = 0.01


class FourWell(Target):
    """p(x) ~ exp(-V(x)/T) on the line, four wells between three barriers of unequal height.

    V(x) = 2 (x^8 + 0.8 e^(-80 x^2) + 0.55 e^(-80 (x - 1/2)^2) + 0.3 e^(-80 (x + 1/2)^2)).
    After the model of Prinz et al. 2011, J. Chem. Phys. 134, 174105, with other barriers.

    All integrals are trapezoid sums over an interval beyond which the integrand is nothing: their
    error falls faster than any power of the spacing, and is below 1e-13 here.

    Args:
        dim: 1.
        temperature: T, at least 0.01, in units of energy.
    """

    dim = 1
    state_space = "real"

    def __init__(self, dim: int = 1, temperature: float = 0.5) -> None:
        check_fixed_dim(self, dim)
        if not COLDEST <= temperature < math.inf:
            raise UserError(
                f"got temperature={temperature}, expected at least {COLDEST}: change it"
            )
        self.temperature = temperature
        # The barriers thin out the centre of an interval, and so weigh up its ends.
        self.depth = TAIL + 2 * max(height for height, _ in BARRIERS) / temperature
        self.reach = (self.depth * temperature / 2) ** (1 / 8)
        spacing = 0.8 / math.sqrt(8 * SHARPNESS * BARRIERS[0][0] / temperature)
        self.n_nodes = 64 + math.ceil(2 * self.reach / spacing)
        grid = torch.linspace(-self.reach, self.reach, TABLE_CELLS + 1, dtype=torch.float64)
        weight = (-self.energy(grid[:, None]) / temperature).exp()
        self.log_normalizer = math.log(float(weight.sum() * (grid[1] - grid[0])))
        self.grid, self.probability = grid, weight / weight.sum()
        self.table = Tabulated(grid, weight[None])

    def energy(self, x: Tensor) -> Tensor:
        """V(x), shape ``(n, 1) -> (n,)``, float64, in the units of the temperature."""
        check_width(x, 1)
        return _energy(x.double()[:, 0])

    def log_prob(self, x: Tensor) -> Tensor:
        """-V(x)/T - log Z, shape ``(n, 1) -> (n,)``, float64."""
        return -self.energy(x) / self.temperature - self.log_normalizer

    def score(self, x: Tensor) -> Tensor:
        """-V'(x)/T, shape ``(n, 1)``, float64."""
        check_width(x, 1)
        x = x.double()
        slope = 16 * x**7
        for height, place in BARRIERS:
            offset = x - place
            slope -= 4 * SHARPNESS * height * offset * (-SHARPNESS * offset**2).exp()
        return -slope / self.temperature

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw ``n`` independent samples by the inverse distribution function, ``(n, 1)``."""
        uniform = torch.rand(n, dtype=torch.float64, generator=generator)
        row = torch.zeros(n, dtype=torch.long)
        return self.table.invert(row, uniform)[:, None].float()

    def mean(self) -> Tensor:
        """Exact E[x], ``(1,)``."""
        return self._expectation(self.grid)[None]

    def covariance(self) -> Tensor:
        """Exact Var[x], ``(1, 1)``."""
        return self._expectation((self.grid - self.mean()) ** 2)[None, None]

    def squared_deviations(self) -> Tensor:
        """Exact E[(x - mu)^4], ``(1, 1)``."""
        return self._expectation((self.grid - self.mean()) ** 4)[None, None]

    def marginal(self, site: int, x: Tensor) -> Tensor:
        """The density itself at points ``(m,)``; the only site is 0."""
        if site != 0:
            raise UserError(f"got site={site}, expected 0: this law has one")
        return self.log_prob(x[:, None]).exp()

    def marginal_cdf(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """P(X <= x) twice, ``(n, 1)``, to about 1e-10."""
        check_width(x, 1)
        cdf = self.table.evaluate(x.double()[:, 0].contiguous())[:, None]
        return cdf, cdf

    def parameters(self) -> dict[str, Any]:
        """Plain values that determine the law."""
        return {"temperature": self.temperature}

    def observables(self) -> list[Observable]:
        """Moments, the energy, the fraction of samples in each well, and the histogram."""
        return [
            *moment_observables(self),
            self._energy_observable(),
            self._occupation(),
            histogram_observable(self, *HISTOGRAM),
        ]

    def gaussian_posterior(
        self, x_t: Tensor, alpha: Tensor, sigma: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Log evidence and posterior mean; see ``Target.gaussian_posterior``."""
        check_width(x_t, 1)
        columns = (x_t.double()[:, 0], alpha.double(), sigma.double())
        blocks = zip(*(column.split(BLOCK) for column in columns), strict=True)
        evidence, mean = zip(*(self._posterior(*block) for block in blocks), strict=True)
        return torch.cat(evidence), torch.cat(mean)[:, None]

    def _posterior(self, x_t: Tensor, alpha: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Trapezoid sums over the interval where exp(-U) counts, for each x_t on its own.

        U(x_0) = 2 x_0^8 / T + (x_t - alpha x_0)^2 / (2 sigma^2), the exponent without the barriers,
        is convex, so Newton's method finds its minimum and where it has risen by ``depth``; from
        the outside it never overshoots, and an interval that is too long does no harm.
        """
        # Offsets from x_t / alpha where noise is small, from 0 where it is large, lose no digits.
        rate = alpha / sigma
        sharp = rate > 1
        origin = torch.where(sharp, x_t / alpha, 0.0)
        residual = torch.where(sharp, 0.0, x_t / sigma)

        def exponent(offset: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            """U and its first two derivatives."""
            x_0, misfit = origin + offset, residual - rate * offset
            wall = 2 * x_0**6 / self.temperature
            value = wall * x_0**2 + misfit**2 / 2
            return value, 8 * wall * x_0 - rate * misfit, 56 * wall + rate**2

        nearest = (x_t.abs() * rate / sigma * self.temperature / 16) ** (1 / 7)
        centre = torch.minimum(nearest, (x_t / alpha).abs()) * x_t.sign() - origin
        for _ in range(NEWTON_STEPS):
            _, slope, curvature = exponent(centre)
            centre = centre - slope / curvature.clamp(min=1e-300)
        top = exponent(centre)[0] + self.depth
        # Both ends at once, (2, n); the wall or the noise alone would put them here.
        side = torch.tensor([[-1.0], [1.0]], dtype=torch.float64, device=x_t.device)
        reach = ((2 * self.depth) ** 0.5 / rate).clamp(max=2 * self.reach).expand(2, -1)
        for _ in range(NEWTON_STEPS):
            value, slope, _ = exponent(centre + side * reach)
            reach = reach - ((value - top) / (side * slope)).clamp(min=0)
        left, right = reach

        fraction = torch.linspace(0, 1, self.n_nodes, dtype=torch.float64, device=x_t.device)
        length = left + right
        offset = (centre - left)[:, None] + length[:, None] * fraction
        misfit = residual[:, None] - rate[:, None] * offset
        energy = _energy(origin[:, None] + offset)
        log_joint = -energy / self.temperature - misfit**2 / 2
        log_scale = (length / (self.n_nodes - 1) / sigma).log() - math.log(2 * math.pi) / 2
        evidence = log_joint.logsumexp(1) + log_scale - self.log_normalizer
        return evidence, origin + (log_joint.softmax(1) * offset).sum(1)

    def _expectation(self, values: Tensor) -> Tensor:
        return self.probability @ values

    def _energy_observable(self) -> Observable:
        energy = _energy(self.grid)
        exact = self._expectation(energy)
        variance = float(self._expectation((energy - exact) ** 2))

        def average(x: Tensor) -> Tensor:
            return _energy(x.double()).mean(-2)

        return Observable("energy_per_site", "energy", average, exact[None], "l2", variance)

    def _occupation(self) -> Observable:
        """Fractions of the four wells, told apart at the centres of the barriers."""
        places = sorted(place for _, place in BARRIERS)
        edges = torch.tensor(places, dtype=torch.float64)
        below = self.marginal_cdf(edges[:, None])[1][:, 0]
        exact = torch.diff(below, prepend=torch.zeros(1).double(), append=torch.ones(1).double())
        variance = float((exact * (1 - exact)).sum())

        def average(x: Tensor) -> Tensor:
            above = [(x.double() > place).double().mean(-2) for place in places]
            bounds = [torch.ones_like(above[0]), *above, torch.zeros_like(above[0])]
            return -torch.cat(bounds, -1).diff(dim=-1)

        return Observable("well_occupation", "well occupation", average, exact, "l2", variance)


def _energy(x: Tensor) -> Tensor:
    """V(x), elementwise, float64."""
    total = ((x * x) ** 2) ** 2
    for height, place in BARRIERS:
        total = total + height * (-SHARPNESS * (x - place) ** 2).exp()
    return 2 * total
