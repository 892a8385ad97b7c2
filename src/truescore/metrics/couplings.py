"""The couplings and fields that a denoiser of spins has learned, read off its answers at t = 0."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from truescore.denoisers import SpinDenoiser
from truescore.errors import UserError
from truescore.targets.base import check_spins

CHUNK = 500
# Of the strongest coupling: below it a pair is not coupled but for rounding.
SMALL = 1e-6


@dataclass(frozen=True)
class Couplings:
    """The pairwise law whose single-site log-odds are nearest to a denoiser's, in least squares.

    Attributes:
        coupling: J_ij, ``(d, d)`` float64, symmetric, zero diagonal, in units of energy.
        field: h_i, ``(d,)``.
        asymmetry: root mean square of (J_ij - J_ji)/2 as fitted; a law has none.
        unexplained: share of the log-odds' variance that no pairwise law explains.
    """

    coupling: Tensor
    field: Tensor
    asymmetry: float
    unexplained: float


@dataclass(frozen=True)
class CouplingErrors:
    """What a denoiser has learned of couplings, beside the exact score at the same points.

    Attributes:
        learned: as the denoiser has them.
        exact: as the exact score, or the law itself, has them.
        temperature: T, in units of energy.
    """

    learned: Couplings
    exact: Couplings
    temperature: float = 1.0

    @property
    def bonds(self) -> Tensor:
        """Pairs that are coupled in truth, ``(d, d)``."""
        strength = self.exact.coupling.abs()
        return strength > SMALL * strength.max()

    def line(self) -> str:
        """For people, under the table."""
        said = self.as_dict()
        return (
            f"Couplings J_ij read off the score at t = 0: {said['on_bonds']:.4g} on bonds (exact"
            f" {said['exact_on_bonds']:.4g}), RMS {said['elsewhere_rms']:.2g} elsewhere; fields off"
            f" by {said['field_error']:.2g}; {said['unexplained']:.2g} of the log-odds' variance is"
            f" not pairwise. -log RMSE over all pairs {said['minus_log_rmse']:.2f}"
            f" ({said['minus_log_rmse_of_zero']:.2f} if all were 0)."
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for ``summary.json``.

        ``minus_log_rmse`` is that of A = J/(2T), p(x) ~ exp(x' A x), over all d^2 entries.
        """
        pairs = ~torch.eye(len(self.bonds), dtype=torch.bool)
        off = (self.learned.coupling - self.exact.coupling)[pairs & ~self.bonds]
        fields, t = self.learned.field - self.exact.field, self.temperature
        return {
            "on_bonds": _mean(self.learned.coupling[self.bonds]),
            "exact_on_bonds": _mean(self.exact.coupling[self.bonds]),
            "elsewhere_rms": _mean(off.square()) ** 0.5,
            "field_error": _mean(fields.square()) ** 0.5,
            "minus_log_rmse": _minus_log_rms(self.learned.coupling - self.exact.coupling, t),
            "minus_log_rmse_of_zero": _minus_log_rms(self.exact.coupling, t),
            "asymmetry": self.learned.asymmetry,
            "unexplained": self.learned.unexplained,
        }


def pairwise(couplings: Tensor, temperature: float) -> Couplings:
    """What is read off a law that is one of pairs without fields, K_ij = J_ij/T ``(d, d)``."""
    coupling = couplings.double() * temperature
    return Couplings(coupling, coupling.new_zeros(len(coupling)), asymmetry=0.0, unexplained=0.0)


@torch.inference_mode()
def read_couplings(denoiser: SpinDenoiser, x: Tensor, temperature: float = 1.0) -> Couplings:
    """Fit log P(x_i = +1 | rest) - log P(x_i = -1 | rest) = (2/T) (sum_j J_ij x_j + h_i).

    Site by site in least squares over the spins j != i and a constant; exact for the score of an
    Ising law, whatever the points, if they are enough.

    Args:
        denoiser: learned or exact.
        x: spins ``(n, d)`` at which it is asked, samples of the data; n > d.
        temperature: T, in units of energy; with T = 1 the answers are J/T and h/T.

    Raises:
        UserError: the points are too few, or do not tell some spins apart.
    """
    n, d = x.shape
    check_spins(x, d)
    if n <= d:
        raise UserError(f"got {n} points of {d} spins, expected more points than spins: add some")
    laws = torch.cat([denoiser.data_log_probs(part).double() for part in x.split(CHUNK)])
    log_odds = laws[..., 1] - laws[..., 0]
    known = torch.cat([x.double(), x.new_ones(n, 1).double()], 1)
    gram, cross = known.mT @ known / n, known.mT @ log_odds / n
    factor, info = torch.linalg.cholesky_ex(gram)
    if info.any() or float(factor.diagonal().min()) < 1e-6:
        raise UserError(
            f"got {n} points in which some spins always agree or never flip, expected points that"
            " tell all apart: add more, or warmer ones"
        )
    free, inverse = torch.cholesky_solve(cross, factor), torch.cholesky_inverse(factor)[:, :d]
    # Least squares under the condition that the own spin's coefficient is 0: one matrix for all.
    found = (free - inverse * (free.diagonal() / inverse.diagonal())).mT
    residual = log_odds - known @ found.mT
    spread = (log_odds - log_odds.mean(0)).square().mean()
    matrix = found[:, :d] * temperature / 2
    return Couplings(
        (matrix + matrix.mT) / 2,
        found[:, d] * temperature / 2,
        float((matrix - matrix.mT).square().mean().sqrt()) / 2,
        float(residual.square().mean() / spread.clamp(min=1e-300)),
    )


def _minus_log_rms(coupling: Tensor, temperature: float) -> float:
    # Errors below what float64 resolves would have an infinite logarithm.
    rms = float((coupling / (2 * temperature)).square().mean().sqrt())
    return -math.log(max(rms, 1e-16))


def _mean(values: Tensor) -> float:
    """Their mean; zero of none."""
    return float(values.sum()) / max(len(values), 1)
