"""Spins as a sparse list of couplings: all that a Markov chain of flips has to know."""

from dataclasses import dataclass

import numpy as np

from truescore.errors import UserError
from truescore.targets import IsingTorus, NearestNeighbourChain, Target


@dataclass(frozen=True)
class PairCouplings:
    """p(x) ~ exp(-V(x)/T), V(x) = -(1/2) sum_i sum_k J_ik x_i x_{n(i,k)} - sum_i h_i x_i.

    Every coupling stands twice, once at either end. A site with fewer neighbours than others has
    itself as a neighbour, with a coupling of 0.

    Attributes:
        neighbours: n(i, k), ``(d, most neighbours)``, int64.
        couplings: J_ik in units of energy, ``(d, most neighbours)``, float64.
        fields: h_i in units of energy, ``(d,)``, float64.
        temperature: T > 0, in units of energy.
    """

    neighbours: np.ndarray
    couplings: np.ndarray
    fields: np.ndarray
    temperature: float

    @property
    def dim(self) -> int:
        """Number of spins d."""
        return len(self.fields)

    def matrix(self) -> np.ndarray:
        """J_ij, ``(d, d)``, symmetric with a zero diagonal."""
        dense = np.zeros((self.dim, self.dim))
        np.add.at(dense, (np.arange(self.dim)[:, None], self.neighbours), self.couplings)
        return dense


def pair_couplings(target: Target) -> PairCouplings:
    """The couplings of a law of spins. A law of another kind gets its branch here.

    Raises:
        UserError: for a law that is not known to consist of pairs.
    """
    if target.state_space == "spin" and isinstance(target, NearestNeighbourChain):
        return _of_a_chain(target)
    if isinstance(target, IsingTorus):
        return _of_a_torus(target)
    raise UserError(
        f"got {type(target).__name__}, whose couplings are not known, expected a chain, a ring or a"
        " torus of spins: use dataset.simulator=exact"
    )


def couplings_of_bonds(
    bonds: np.ndarray, strengths: np.ndarray, fields: np.ndarray, temperature: float
) -> PairCouplings:
    """The couplings of a graph.

    Args:
        bonds: the two ends of every bond, each bond once, ``(m, 2)``.
        strengths: J of every bond, ``(m,)``.
        fields: h_i, ``(d,)``.
        temperature: T > 0.
    """
    dim = len(fields)
    ends = np.concatenate([bonds, bonds[:, ::-1]])
    order = np.argsort(ends[:, 0], kind="stable")
    site, other = ends[order].T
    degree = np.bincount(site, minlength=dim)
    place = np.arange(len(site)) - (np.cumsum(degree) - degree)[site]
    most = max(1, degree.max(initial=0))
    neighbours = np.tile(np.arange(dim)[:, None], most)
    couplings = np.zeros((dim, most))
    neighbours[site, place] = other
    couplings[site, place] = np.concatenate([strengths, strengths])[order]
    return PairCouplings(neighbours, couplings, np.array(fields, dtype=float), temperature)


def _of_a_chain(chain: NearestNeighbourChain) -> PairCouplings:
    """Any function of two spins is c + a x + b y + K x y, so any chain of spins is one of pairs."""
    dim, ring = chain.dim, chain.boundary == "periodic"
    bonds = np.array([(i, (i + 1) % dim) for i in range(dim if ring else dim - 1)])
    log_site = chain.log_site(chain.nodes.expand(dim, -1)).numpy()
    fields = (log_site[:, 1] - log_site[:, 0]) / 2
    log_bond = np.stack([chain.log_bond(i).numpy() for i in range(len(bonds))])
    down, up = log_bond[:, 0], log_bond[:, 1]
    np.add.at(fields, bonds[:, 0], (up - down).sum(1) / 4)
    np.add.at(fields, bonds[:, 1], (log_bond[:, :, 1] - log_bond[:, :, 0]).sum(1) / 4)
    strengths = (up[:, 1] - up[:, 0] - down[:, 1] + down[:, 0]) / 4
    temperature = chain.temperature
    return couplings_of_bonds(bonds, temperature * strengths, temperature * fields, temperature)


def _of_a_torus(torus: IsingTorus) -> PairCouplings:
    site = np.arange(torus.dim).reshape(torus.rows, torus.columns)
    ends = [np.stack([site, np.roll(site, -1, axis)], -1).reshape(-1, 2) for axis in (0, 1)]
    bonds = np.concatenate(ends)
    strengths = np.full(len(bonds), torus.coupling)
    return couplings_of_bonds(bonds, strengths, np.zeros(torus.dim), torus.temperature)
