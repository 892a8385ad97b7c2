"""What explicit integrators share: one gradient, one kick, and a limit to the step."""

import math
from typing import Any

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.simulate.integrator import Integrator, law_temperature


class ExplicitStep(Integrator):
    """A step of one gradient and one kick, stable only below the law's own limit.

    Args:
        law: see ``Integrator``.
        dt: length of a step, below 2 / (largest curvature).

    Raises:
        UserError: if dt is beyond the stability of the law's narrowest direction.
    """

    def __init__(self, law: Any, dt: float) -> None:
        super().__init__(law, dt)
        refuse_unstable(law, dt)

    @property
    def gradient_evaluations(self) -> int:
        """One."""
        return 1

    def kick(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """sqrt(2T dt) z in the shape of x."""
        return math.sqrt(2 * self.temperature * self.dt) * self.noise(x, generator)


def refuse_unstable(law: Any, dt: float) -> None:
    """Raise ``UserError`` if explicit steps would overshoot the law's narrowest direction.

    The limit is 2/k, k = T / (smallest eigenvalue of the covariance). For a Gaussian law k is the
    largest curvature of V; for any smooth law on R^d it is at most that, by the inequality of
    Cramer and Rao. Anharmonic tails may need a much smaller dt: then ``Integrator.run`` tells.
    """
    narrowest = float(torch.linalg.eigvalsh(law.covariance())[0])
    largest = 2 * narrowest / law_temperature(law)
    if not dt < largest:
        raise UserError(
            f"got dt={dt:g}, expected below {largest:.3g}, where explicit steps become unstable:"
            " lower dt, or choose TamedEuler, Strang or MALA"
        )
