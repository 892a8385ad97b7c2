"""The Ising model in two dimensions, on a torus."""

from functools import cached_property
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from truescore.errors import UserError
from truescore.targets.base import Target, check_spins, check_width, moment_observables
from truescore.targets.messages import propagate
from truescore.targets.observable import Observable
from truescore.targets.strip import Strip
from truescore.targets.wide_torus import WideTorus

# Beyond, the transfer matrix of `Strip` would not fit.
WIDEST = 10
# A posterior carries messages between all pairs of states of two columns.
WIDEST_POSTERIOR = 5
STRONGEST = 10.0
# Of tori beyond: fewer sites than a covariance has room for, and couplings that Z resolves.
MOST_SITES, WEAKEST = 4096, 0.01
# Entries of messages at once.
ENTRIES = 2**24
# Log-likelihood ratio of a spin that is seen as it is.
CERTAIN = 100.0


class IsingTorus(Target):
    """p(x) ~ exp(-V(x)/T), V(x) = -J sum x_i x_j over the bonds of a square lattice on a torus.

    Site (a, b), of row a and column b, is a * columns + b; it has four neighbours. All exact values
    come from the transfer matrix of `Strip` along the longer side, if the shorter has at most 10
    sites. Beyond, Z, the energy and its variance, means and marginals are exact; samples are states
    of Wolff's chains, and correlations averages over a reference set of them, see `WideTorus`.

    Args:
        rows: at least 3.
        columns: at least 3.
        coupling: J, in units of energy; negative for an antiferromagnet, which beyond 10 sites
            needs an even number of both.
        temperature: T > 0, at least |J|/10; the infinite lattice orders at T = 2.269 J.
    """

    state_space = "spin"

    def __init__(
        self, rows: int = 4, columns: int = 4, coupling: float = 1.0, temperature: float = 3.0
    ) -> None:
        shorter, longer = sorted((rows, columns))
        if shorter < 3:
            raise UserError(
                f"got a torus of {rows} x {columns}, expected at least 3 sites a side: change rows"
                " or columns"
            )
        if not temperature > 0:
            raise UserError(f"got temperature={temperature}, expected > 0: raise it")
        if not abs(coupling) <= STRONGEST * temperature:
            raise UserError(
                f"got coupling/temperature={coupling / temperature:g}, expected within"
                f" {STRONGEST:g}: raise the temperature"
            )
        self.samples_exactly = shorter <= WIDEST
        if not self.samples_exactly:
            _check_wide(rows, columns, coupling / temperature)
        self.rows, self.columns = rows, columns
        self.coupling, self.temperature = coupling, temperature
        self.dim = rows * columns
        solved = Strip if self.samples_exactly else WideTorus
        self.strip = solved(shorter, longer, coupling / temperature)
        self.has_posterior = shorter <= WIDEST_POSTERIOR

    def energy(self, x: Tensor) -> Tensor:
        """V(x), shape ``(n, d) -> (n,)``, float64."""
        check_width(x, self.dim)
        return -self.coupling * self._bonds(x)

    def _bonds(self, x: Tensor) -> Tensor:
        """Sum of x_i x_j over all bonds, ``(..., d) -> (...)``."""
        x = x.double().unflatten(-1, (self.rows, self.columns))
        return (x * (x.roll(1, -1) + x.roll(1, -2))).sum((-2, -1))

    def log_prob(self, x: Tensor) -> Tensor:
        """-V(x)/T - log Z, shape ``(n, d) -> (n,)``, float64."""
        return -self.energy(x) / self.temperature - self.log_normalizer

    @property
    def log_normalizer(self) -> float:
        """Log Z."""
        return self.strip.log_normalizer

    @property
    def energy_moments(self) -> tuple[float, float]:
        """E[V] and Var[V]."""
        mean, variance = self.strip.bond_moments
        return -self.coupling * mean, self.coupling**2 * variance

    def entropy(self) -> float:
        """Exact -E log p(x) = log Z + E[V]/T, nats."""
        return self.log_normalizer + self.energy_moments[0] / self.temperature

    def site_log_odds(self, x: Tensor) -> Tensor:
        """Log P(x_i=+1 | x without x_i) - log P(x_i=-1 | ...) of all d sites, ``(n, d)``."""
        check_spins(x, self.dim)
        x = x.double().unflatten(-1, (self.rows, self.columns))
        neighbours = sum(x.roll(shift, axis) for shift in (1, -1) for axis in (-1, -2))
        return 2 * self.coupling / self.temperature * torch.as_tensor(neighbours).flatten(1)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw ``n`` independent exact samples, ``(n, d)``, float32; beyond 10 sites by Wolff."""
        if n < 1:
            raise UserError(f"got n={n} samples, expected at least 1: raise it")
        return self._from_strip(self.strip.sample(n, generator)).float()

    def mean(self) -> Tensor:
        """Zero, ``(d,)``: the law is even."""
        return torch.zeros(self.dim, dtype=torch.float64)

    def covariance(self) -> Tensor:
        """Cov[x_i, x_j], ``(d, d)``: exact, beyond 10 sites that of the reference set."""
        length, width = self.strip.length, self.strip.width
        column, place = self._place.unbind(1)
        apart = (column[:, None] - column) % length, (place[:, None] - place) % width
        return self.strip.correlation[apart]

    def squared_deviations(self) -> Tensor:
        """E[x_i^2 x_j^2] = 1, ``(d, d)``."""
        return torch.ones(self.dim, self.dim, dtype=torch.float64)

    def marginal(self, site: int, x: Tensor) -> Tensor:
        """1/2 at both spins, ``(m,)``."""
        if not 0 <= site < self.dim:
            raise UserError(f"got site={site}, expected 0 to {self.dim - 1}")
        return torch.full(x.shape, 0.5, dtype=torch.float64)

    def marginal_cdf(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """P(X_i < x_i) and P(X_i <= x_i) for ``(n, d)`` points, float64."""
        check_width(x, self.dim)
        up = (x > 0).double()
        return up / 2, (1 + up) / 2

    def parameters(self) -> dict[str, Any]:
        """Plain values that determine the law."""
        names = ("rows", "columns", "coupling", "temperature")
        return {name: getattr(self, name) for name in names}

    def observables(self) -> list[Observable]:
        """Moments, energy per site, two-point function along both axes, squared magnetisation."""
        mean, variance = self.energy_moments

        def energy(x: Tensor) -> Tensor:
            return -self.coupling * self._bonds(x).mean(-1, keepdim=True) / self.dim

        def magnetisation(x: Tensor) -> Tensor:
            return (x.double().mean(-1) ** 2).mean(-1, keepdim=True)

        exact = torch.tensor([mean / self.dim], dtype=torch.float64)
        squared = self.strip.correlation.mean()[None]
        return [
            *moment_observables(self),
            Observable(
                "energy_per_site", "energy per site", energy, exact, "l2", variance / self.dim**2
            ),
            self._two_point_function(),
            Observable(
                "magnetisation_squared", "magnetisation squared", magnetisation, squared, "l2"
            ),
        ]

    def _two_point_function(self) -> Observable:
        """G(r) along rows and columns, averaged; r = 1 .. half the shorter side."""
        lags = torch.arange(1, self.strip.width // 2 + 1)
        correlation = self.strip.correlation

        def average(x: Tensor) -> Tensor:
            x = x.double().unflatten(-1, (self.rows, self.columns))
            pairs = [x * (x.roll(r, -1) + x.roll(r, -2)) / 2 for r in lags.tolist()]
            return torch.stack([pair.mean((-3, -2, -1)) for pair in pairs], -1)

        exact = (correlation[lags, 0] + correlation[0, lags]) / 2
        return Observable("two_point_function", "two-point function", average, exact, "l2")

    def site_posterior(self, log_likelihood: Tensor) -> tuple[Tensor, Tensor]:
        """Log evidence and leave-one-out log probabilities; see ``Target.site_posterior``.

        Raises:
            UserError: the shorter side has more than 5 sites.
        """
        check_width(log_likelihood[..., 0], self.dim)
        if not self.has_posterior:
            raise UserError(
                f"got a torus of {self.rows} x {self.columns}, expected a shorter side of at most"
                f" {WIDEST_POSTERIOR} sites for its exact posterior: lower rows or columns"
            )
        size = 2 * self.strip.length * len(cast(Strip, self.strip).states) ** 2
        down, up = log_likelihood.double().unbind(-1)
        evidence = (up - down).clamp(-CERTAIN, CERTAIN)
        blocks = evidence.split(max(1, ENTRIES // size))
        log_evidence, log_odds = map(torch.cat, zip(*map(self._posterior, blocks), strict=True))
        # A spin is weighed by exp(+- evidence/2), the likelier one by its likelihood.
        log_evidence += (torch.maximum(down, up) - evidence.abs() / 2).sum(-1)
        return log_evidence, logsigmoid(torch.stack([-log_odds, log_odds], -1))

    def _posterior(self, evidence: Tensor) -> tuple[Tensor, Tensor]:
        strip, strength = cast(Strip, self.strip), self.strip.strength
        states, within = strip.states.to(evidence.device), strip.within.to(evidence.device)
        seen = self._to_strip(evidence) / 2
        emission = strength * within + seen @ states.mT
        bond = strength * states @ states.mT
        messages = propagate(emission, lambda _: bond, periodic=True)
        # Of a column's states without what is seen at one of its places, (n, L, w, S).
        cavity = (messages.cavity.log() + emission)[..., None, :] - seen[..., None] * states.mT
        up = states.mT > 0
        odds = [cavity.masked_fill(~side, -torch.inf).logsumexp(-1) for side in (up, ~up)]
        return messages.log_total - self.log_normalizer, self._from_strip(odds[0] - odds[1])

    @cached_property
    def _place(self) -> Tensor:
        """Column and place of every site in the strip, ``(d, 2)``."""
        row, column = torch.arange(self.dim) // self.columns, torch.arange(self.dim) % self.columns
        return torch.stack([column, row] if self.rows <= self.columns else [row, column], 1)

    def _to_strip(self, x: Tensor) -> Tensor:
        """``(n, d) -> (n, L, w)``."""
        x = x.unflatten(1, (self.rows, self.columns))
        return x.mT if self.rows <= self.columns else x

    def _from_strip(self, x: Tensor) -> Tensor:
        """``(n, L, w) -> (n, d)``."""
        return (x.mT if self.rows <= self.columns else x).flatten(1)


def _check_wide(rows: int, columns: int, strength: float) -> None:
    """Raise ``UserError`` for a torus that neither Kaufman's formula nor Wolff's chains can do."""
    if rows * columns > MOST_SITES:
        raise UserError(
            f"got a torus of {rows} x {columns}, expected at most {MOST_SITES} sites where both"
            f" sides have more than {WIDEST}: lower rows or columns"
        )
    if abs(strength) < WEAKEST:
        raise UserError(
            f"got coupling/temperature={strength:g}, expected at least {WEAKEST:g} either way where"
            f" both sides have more than {WIDEST} sites: lower the temperature"
        )
    if strength < 0 and (rows % 2 or columns % 2):
        raise UserError(
            f"got an antiferromagnet of {rows} x {columns}, expected even sides where both have"
            f" more than {WIDEST} sites: make them even"
        )
