"""Laws of which samples alone are known."""

from typing import NoReturn

from torch import Tensor

from truescore.errors import UserError
from truescore.targets.base import Target
from truescore.targets.observable import Observable


class SampledLaw(Target):
    """A law with exact samples, but no density, moments or posterior in closed form.

    What is compared with two sample sets, a distance, judges it as any other law. Where others have
    an exact value it has none: no observables, no marginals, no baselines, no score error.
    """

    has_posterior = False

    def log_prob(self, x: Tensor) -> Tensor:
        """Unknown."""
        self._unknown("density")

    def mean(self) -> Tensor:
        """Unknown."""
        self._unknown("mean")

    def covariance(self) -> Tensor:
        """Unknown."""
        self._unknown("covariance")

    def squared_deviations(self) -> Tensor:
        """Unknown."""
        self._unknown("fourth moments")

    def marginal(self, site: int, x: Tensor) -> Tensor:
        """Unknown."""
        self._unknown("marginal")

    def marginal_cdf(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Unknown."""
        self._unknown("marginal")

    def observables(self) -> list[Observable]:
        """None: no statistic has an exact value."""
        return []

    def _unknown(self, what: str) -> NoReturn:
        raise UserError(
            f"got {type(self).__name__}, whose {what} has no exact value, expected a law that has"
            " one: compare samples, with metrics.distances"
        )
