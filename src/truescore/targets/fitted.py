"""Laws fitted to data with no network: baselines that a model must beat, and its skip laws."""

import math

import torch
from scipy.optimize import brentq
from torch import Tensor

from truescore.errors import UserError
from truescore.targets import moments
from truescore.targets.gaussian_mixture import GaussianMixture
from truescore.targets.ising_ring import IndependentSpins, IsingRing
from truescore.targets.potts_ring import IndependentStates, PottsRing

EM_STEPS = 200
EM_TOLERANCE = 1e-9


def fit_gaussian(x: Tensor) -> GaussianMixture:
    """The Gaussian with the data's mean and covariance; data ``(n, d)`` reals."""
    _check_enough(x)
    mean = moments.mean(x)
    return GaussianMixture(torch.ones(1), mean[None], moments.second_moment(x, mean)[None])


def fit_two_wells(x: Tensor) -> GaussianMixture:
    """The likeliest mixture of N(m, S) and N(-m, S) in equal parts, by expectation maximisation.

    With tau = tanh(m' S^-1 x) the difference of the two responsibilities, m = E[tau x] and
    S = E[x x'] - m m'. A law with two coherent wells is already close to this family.
    """
    _check_enough(x)
    second_moment = moments.second_moment(x)
    # Every step reads all of them: a single block is converted once.
    x = x.double() if x.numel() <= moments.ENTRIES else x
    spectrum, basis = torch.linalg.eigh(second_moment)
    mean = 0.9 * spectrum[-1].sqrt() * basis[:, -1]
    for _ in range(EM_STEPS):
        within = second_moment - mean[:, None] * mean
        across = torch.linalg.solve(within, mean)
        parts = [(rows @ across).tanh() @ rows for rows in moments.blocks(x)]
        updated = torch.stack(parts).sum(0) / len(x)
        change = (updated - mean).norm() / updated.norm()
        mean = updated
        if change < EM_TOLERANCE:
            break
    within = second_moment - mean[:, None] * mean
    return GaussianMixture(torch.ones(2), torch.stack([mean, -mean]), torch.stack([within, within]))


def fit_independent_spins(x: Tensor) -> IndependentSpins:
    """Independent spins with the data's means; data ``(n, d)`` spins."""
    n = len(x)
    return IndependentSpins(x.double().mean(0) * n / (n + 1))


def fit_coupling(x: Tensor) -> IsingRing:
    """The likeliest Ising ring (T = 1): the coupling whose <x_i x_{i+1}> is the data's.

    On a ring <x_i x_{i+1}> = (k + k^(d-1)) / (1 + k^d), k = tanh(J/T).
    """
    dim = x.shape[1]
    observed = float((x * x.roll(-1, 1)).double().mean()) * (1 - 1 / x.numel())

    def excess(k: float) -> float:
        return (k + k ** (dim - 1)) / (1 + k**dim) - observed

    k = brentq(excess, -1 + 1e-12, 1 - 1e-12, xtol=1e-14)
    return IsingRing(dim, coupling=float(torch.tensor(k, dtype=torch.float64).atanh()))


def fit_independent_states(x: Tensor, n_states: int) -> IndependentStates:
    """Independent states with the data's frequencies; data ``(n, d)`` states, one count added."""
    counts = (x[..., None] == torch.arange(n_states).to(x)).double().sum(0) + 1 / n_states
    return IndependentStates(counts / (len(x) + 1))


def fit_potts_coupling(x: Tensor, n_states: int) -> PottsRing:
    """The likeliest Potts ring (T = 1): the coupling whose P(x_i = x_{i+1}) is the data's.

    With q = n_states that is (1 + (q-1) k) (1 + (q-1) k^(d-1)) / (q (1 + (q-1) k^d)), and
    J = log((1 + (q-1) k) / (1 - k)).
    """
    dim, q = x.shape[1], n_states
    # One agreement is pulled towards chance, so that the likeliest coupling is finite.
    alike = float((x == x.roll(-1, 1)).double().mean())
    observed = alike + (1 / q - alike) / x.numel()

    def excess(k: float) -> float:
        ways = (1 + (q - 1) * k) * (1 + (q - 1) * k ** (dim - 1))
        return ways / (q * (1 + (q - 1) * k**dim)) - observed

    k = float(brentq(excess, -1 / (q - 1) + 1e-12, 1 - 1e-12, xtol=1e-14))  # pyright: ignore
    return PottsRing(dim, q, coupling=math.log((1 + (q - 1) * k) / (1 - k)))


def _check_enough(x: Tensor) -> None:
    n, dim = x.shape
    if n <= dim:
        raise UserError(f"got n_train={n} samples in {dim} dimensions, expected more than {dim}")
