"""The elastic part of the Ginzburg-Landau chain, diagonal in sines."""

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.targets import GinzburgLandauChain, Target


def sine_modes(dim: int, lam: float) -> tuple[Tensor, Tensor]:
    """Curvatures ``(d,)`` and orthonormal modes, in columns ``(d, d)``, of the elastic energy.

    (A x)_i = (lam/h^2) (2 x_i - x_{i-1} - x_{i+1}) with x_0 = x_{d+1} = 0, h = 1/(d+1), has the
    modes sqrt(2h) sin(pi h i k) with curvatures (4 lam/h^2) sin^2(pi h k/2), k = 1 .. d.
    """
    h = 1 / (dim + 1)
    k = torch.arange(1, dim + 1, dtype=torch.float64)
    curvatures = 4 * lam / h**2 * (torch.pi * h * k / 2).sin() ** 2
    return curvatures, (2 * h) ** 0.5 * (torch.pi * h * k[:, None] * k).sin()


def elastic_preconditioner(law: Target) -> Tensor:
    """The inverse of A, ``(d, d)``: T times it is the covariance of the chain without its wells.

    It lets the slow, coherent modes take long steps; the fast ones move more slowly for it.

    Raises:
        UserError: for a law other than a ``GinzburgLandauChain``.
    """
    if not isinstance(law, GinzburgLandauChain):
        raise UserError(
            f"got {type(law).__name__}, expected a GinzburgLandauChain, whose elastic energy is the"
            " preconditioner: leave it out"
        )
    curvatures, modes = sine_modes(law.dim, law.lam)
    return (modes / curvatures) @ modes.mT
