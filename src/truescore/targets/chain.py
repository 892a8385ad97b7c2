"""Nearest-neighbour laws on an open chain or a ring, solved exactly by transfer matrices."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.targets import chain_posterior, chain_sampling
from truescore.targets.base import StateSpace, Target, check_spins, check_width
from truescore.targets.chain_checks import check_arguments, check_potentials
from truescore.targets.chain_nodes import site_nodes
from truescore.targets.messages import Messages, propagate, scaled_exp
from truescore.targets.observable import Observable

Boundary = Literal["open", "periodic", "fixed"]
SitePotential = Callable[[Tensor, Any], Tensor]
BondPotential = Callable[[Tensor, Tensor, Any], Tensor]


class NearestNeighbourChain(Target):
    """p(x) = exp(-V(x)/T) / Z with V = sum_i site(x_i, i) + sum_i bond(x_i, x_{i+1}, i) + constant.

    Sites are i = 0 .. d-1. Bonds: ``open`` has bond i between sites i and i+1 (i = 0 .. d-2);
    ``periodic`` adds bond d-1 between the last and the first; ``fixed`` holds both neighbours of
    the ends at ``boundary_value``: bond 0 joins the wall to site 0, bond i joins sites i-1 and i,
    bond d joins site d-1 to the wall.

    The sums over states are exact for spins and Gauss-Legendre quadrature for reals, refined until
    log Z and the second moments stand still to 1e-12.

    Args:
        dim: number of sites d.
        site_potential: ``site(x, i)``, elementwise energy of a site; i is an index tensor or int
            that broadcasts against x, for site-dependent laws.
        bond_potential: ``bond(x, y, i)``, elementwise energy of a bond.
        boundary: ``open``, ``periodic`` or ``fixed``.
        temperature: T > 0, in units of energy.
        interval: ``(low, high)``, the support of each real site, outside of which the law is zero
            or negligible; ``None`` for spins and states.
        n_states: q, of sites with states 0 .. q-1; ``None`` for spins and reals.
        boundary_value: value of the walls for ``fixed``.
        constant: energy added to V; it changes log Z only.

    Raises:
        UserError: for an impossible size, temperature, boundary, interval or potential.
    """

    def __init__(
        self,
        dim: int,
        site_potential: SitePotential,
        bond_potential: BondPotential,
        boundary: Boundary = "open",
        temperature: float = 1.0,
        interval: tuple[float, float] | None = None,
        boundary_value: float = 0.0,
        constant: float = 0.0,
        n_states: int | None = None,
    ) -> None:
        check_arguments(dim, boundary, temperature, interval, n_states)
        self.dim = dim
        self.site_potential = site_potential
        self.bond_potential = bond_potential
        self.boundary = boundary
        self.temperature = temperature
        self.interval = interval
        self.boundary_value = boundary_value
        self.constant = constant
        self.n_states = n_states
        self.state_space: StateSpace = "categorical" if n_states else "real" if interval else "spin"
        check_potentials(self)
        self.nodes, self.log_weights = site_nodes(self)

    # ---- energies

    def energy(self, x: Tensor) -> Tensor:
        """V(x), shape ``(n, d) -> (n,)``, float64, in the units of the temperature."""
        check_width(x, self.dim)
        x = x.double()
        sites = self.site_potential(x, torch.arange(self.dim, device=x.device)).expand_as(x).sum(-1)
        left, right = self.bond_ends(x)
        index = torch.arange(left.shape[-1], device=x.device)
        bonds = self.bond_potential(left, right, index).expand_as(left).sum(-1)
        return sites + bonds + self.constant

    def bond_ends(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The two ends of every bond, each ``(..., n_bonds)``."""
        if self.boundary == "periodic":
            return x, x.roll(-1, -1)
        if self.boundary == "open":
            return x[..., :-1], x[..., 1:]
        wall = torch.full_like(x[..., :1], self.boundary_value)
        padded = torch.cat([wall, x, wall], -1)
        return padded[..., :-1], padded[..., 1:]

    def log_prob(self, x: Tensor) -> Tensor:
        """-V(x)/T - log Z, shape ``(n, d) -> (n,)``, float64; -inf outside the interval."""
        log_density = -self.energy(x) / self.temperature - self.log_normalizer
        if self.interval is None:
            return log_density
        inside = ((x >= self.interval[0]) & (x <= self.interval[1])).all(-1)
        return log_density.masked_fill(~inside, -torch.inf)

    def score(self, x: Tensor) -> Tensor:
        """Grad log p(x) = -grad V / T, shape ``(n, d)``, float64; reals only."""
        if self.state_space != "real":
            raise UserError(
                f"got a law of {self.state_space} values, expected reals for a gradient:"
                " use a discrete law's site_posterior"
            )
        x = x.double().detach().requires_grad_()
        with torch.enable_grad():  # whoever moves points by this score wants no graph of their own
            (gradient,) = torch.autograd.grad(self.energy(x).sum(), x)
        return -gradient / self.temperature

    def site_log_odds(self, x: Tensor) -> Tensor:
        """Log P(x_i=+1 | x without x_i) - log P(x_i=-1 | ...) of all d sites, ``(n, d)``."""
        if self.state_space != "spin":
            raise UserError(
                f"got a law of {self.state_space} values, expected spins for log-odds: use score or"
                " site_posterior"
            )
        check_spins(x, self.dim)
        up, down = (self._local_energy(x.double(), value) for value in (1.0, -1.0))
        return (down - up) / self.temperature

    def _local_energy(self, x: Tensor, value: float) -> Tensor:
        """Energy of site i and its two bonds if x_i were ``value``, for all i, ``(n, d)``."""
        sites = torch.arange(self.dim, device=x.device)
        here = torch.full_like(x, value)
        energy = self.site_potential(here, sites).expand_as(x)
        left, right = self.bond_ends(x)
        index = torch.arange(left.shape[-1], device=x.device)
        if self.boundary == "periodic":
            before = self.bond_potential(left.roll(1, -1), here, index.roll(1))
            return energy + before + self.bond_potential(here, right, index)
        if self.boundary == "fixed":
            before = self.bond_potential(left[..., :-1], here, index[:-1])
            return energy + before + self.bond_potential(here, right[..., 1:], index[1:])
        before = self.bond_potential(left, here[..., 1:], index).expand_as(left)
        after = self.bond_potential(here[..., :-1], right, index).expand_as(left)
        pad = torch.nn.functional.pad
        return energy + pad(before, (1, 0)) + pad(after, (0, 1))

    # ---- the law without observations

    @property
    def log_normalizer(self) -> float:
        """Log Z = log of the sum or integral of exp(-V(x)/T)."""
        return float(self.messages.log_total[0]) - self.constant / self.temperature

    def entropy(self) -> float:
        """Exact -E log p(x) = log Z + E[V]/T, nats; of reals the differential entropy."""
        from truescore.targets.chain_observables import mean_energy

        return self.log_normalizer + mean_energy(self) / self.temperature

    @cached_property
    def messages(self) -> Messages:
        """Both sweeps over the law itself, without observations; a batch of one."""
        log_emission = self.log_site(self.nodes.expand(self.dim, -1)) + self.log_weights
        return propagate(log_emission[None], self.log_bond, self.boundary == "periodic")

    @cached_property
    def state_tails(self) -> tuple[Tensor, Tensor]:
        """What exact samples of states are drawn from; see `chain_sampling.state_tails`."""
        return chain_sampling.state_tails(self)

    def marginal(self, site: int, x: Tensor) -> Tensor:
        """Probability (spins) or density (reals) of x_site at the points x, shape ``(m,)``."""
        if not 0 <= site < self.dim:
            raise UserError(f"got site={site}, expected 0 to {self.dim - 1}")
        return chain_sampling.marginal_density(self, site, x.double())

    def pair_marginal(self, site: int, x: Tensor, y: Tensor) -> Tensor:
        """Joint density of (x_site, x_{site+1}) at points ``(m,)`` and ``(k,)``, ``(m, k)``.

        Raises:
            UserError: for spins, and for a site without a next one; on a ring also for site 0,
                where the transfer matrices start.
        """
        first = int(self.boundary == "periodic")
        if self.interval is None or not first <= site < self.dim - 1:
            raise UserError(
                f"got site={site} of {self.state_space} values, expected reals and a site from"
                f" {first} to {self.dim - 2}: choose another pair"
            )
        return chain_sampling.pair_density(self, site, x.double(), y.double())

    def marginal_cdf(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """P(X_i < x_i) and P(X_i <= x_i) for ``(n, d)`` points, float64."""
        check_width(x, self.dim)
        if self.interval is None:
            return chain_sampling.state_cdf(self, x)
        cdf = chain_sampling.marginal_cdf(self, x.double())
        return cdf, cdf

    def mean(self) -> Tensor:
        """Exact E[x_i], shape ``(d,)``."""
        return self.messages.belief[0] @ self.nodes

    def covariance(self) -> Tensor:
        """Exact Cov[x_i, x_j], shape ``(d, d)``."""
        deviation = self.nodes - self.mean()[:, None]
        return self.pair_expectation(deviation, deviation)

    def squared_deviations(self) -> Tensor:
        """Exact E[(x_i - mu_i)^2 (x_j - mu_j)^2], shape ``(d, d)``."""
        squared = (self.nodes - self.mean()[:, None]) ** 2
        return self.pair_expectation(squared, squared)

    def pair_expectation(self, f: Tensor, g: Tensor) -> Tensor:
        """E[f_i(x_i) g_j(x_j)] for i <= j, mirrored, from values at the nodes, ``(d, K)`` each."""
        prior = self.messages
        emission, belief = prior.emission[0], prior.belief[0]
        result = torch.diag((belief * f * g).sum(-1))
        carried = torch.empty(0, *prior.forward.shape[2:], dtype=f.dtype)
        for j in range(1, self.dim):
            entering = torch.cat([carried, prior.forward[j - 1] * f[j - 1]]) * emission[j - 1]
            bond, _ = scaled_exp(self.log_bond(j - 1))
            carried = entering @ bond
            # The message into j was scaled to a maximum of 1; these must carry the same scale.
            carried /= ((prior.forward[j - 1] * emission[j - 1]) @ bond).amax()
            outgoing = prior.backward[j, 0] * emission[j]
            total = (prior.forward[j, 0] * outgoing).sum()
            result[:j, j] = (carried * outgoing * g[j]).sum((1, 2)) / total
        return result + result.triu(1).mT

    def bond_expectation(self, f: Callable[[Tensor, Tensor, int], Tensor]) -> Tensor:
        """E[f(x, y, i)] over the ends of each bond i between sites (no walls), ``(n_bonds,)``."""
        prior = self.messages
        x, y = self.nodes[:, None], self.nodes[None, :]
        weighted = prior.forward[:, 0] * prior.emission[0][:, None]
        values = []
        for i in range(self.dim if self.boundary == "periodic" else self.dim - 1):
            bond, _ = scaled_exp(self.log_bond(i))
            if i == self.dim - 1:
                joint = weighted[i].mT * bond
            else:
                after = prior.emission[0, i + 1] * prior.backward[i + 1, 0]
                joint = bond * torch.einsum("ck,cl->kl", weighted[i], after)
            values.append((joint * f(x, y, i)).sum() / joint.sum())
        return torch.stack(values)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw ``n`` independent exact samples by forward sampling, ``(n, d)``, float32."""
        if n < 1:
            raise UserError(f"got n={n} samples, expected at least 1")
        return chain_sampling.sample(self, n, generator)

    # ---- the law seen through noise

    def site_posterior(self, log_likelihood: Tensor) -> tuple[Tensor, Tensor]:
        """Log evidence and leave-one-out log probabilities; see ``Target.site_posterior``."""
        check_width(log_likelihood[..., 0], self.dim)
        return chain_posterior.site_posterior(self, log_likelihood.double())

    def gaussian_posterior(
        self, x_t: Tensor, alpha: Tensor, sigma: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Log evidence and posterior mean; see ``Target.gaussian_posterior``."""
        check_width(x_t, self.dim)
        return chain_posterior.gaussian_posterior(
            self, x_t.double(), alpha.double(), sigma.double()
        )

    # ---- transfer matrices

    def log_site(self, x: Tensor) -> Tensor:
        """-site(x_i)/T for points ``(..., d, K)``; walls held fixed are counted here."""
        sites = torch.arange(self.dim, device=x.device)[:, None]
        energy = self.site_potential(x, sites).expand_as(x)
        if self.boundary == "fixed":
            energy = energy.clone()
            wall = torch.as_tensor(self.boundary_value, dtype=x.dtype, device=x.device)
            first, last = x[..., 0, :], x[..., -1, :]
            energy[..., 0, :] += self.bond_potential(wall, first, 0)
            energy[..., -1, :] += self.bond_potential(last, wall, self.dim)
        return -energy / self.temperature

    def log_bond(self, i: int) -> Tensor:
        """-bond/T between the nodes of sites i and i+1, ``(K, K)``."""
        return self.log_bond_between(self.nodes, self.nodes, i)

    def log_bond_between(self, x: Tensor, y: Tensor, i: int) -> Tensor:
        """-bond/T between points ``(..., K)`` of site i and ``(..., M)`` of the next one."""
        index = i + 1 if self.boundary == "fixed" else i
        x, y = x[..., :, None], y[..., None, :]
        energy = self.bond_potential(x, y, index)
        return (-energy / self.temperature).expand(torch.broadcast_shapes(x.shape, y.shape))

    @property
    def support(self) -> tuple[float, float]:
        """The interval of a law of reals."""
        if self.interval is None:
            raise UserError(f"got {self.state_space} values, expected reals: they have no interval")
        return self.interval

    # ---- what users ask of the law

    def parameters(self) -> dict[str, Any]:
        """Plain values that determine the law."""
        grid = self.nodes.expand(self.dim, -1)
        site = self.log_site(grid).sum().item()
        bond = sum(self.log_bond(i).sum().item() for i in range(self.dim - 1))
        return {
            "dim": self.dim,
            "boundary": self.boundary,
            "temperature": self.temperature,
            "interval": self.interval,
            "potentials": [site, bond, self.log_normalizer],
        }

    def observables(self) -> list[Observable]:
        """Moments, energy per site, two-point function, magnetisation, kinks, domains."""
        from truescore.targets.chain_observables import chain_observables

        return chain_observables(self)
