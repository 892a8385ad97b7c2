"""What is known of a dataset: its distance to the law's exact values."""

import logging
import math
from dataclasses import dataclass
from typing import Any

from truescore.metrics import Judgement

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Track:
    """One quantity over the chains of a dataset.

    Attributes:
        label: name for people.
        mean: average over the dataset.
        exact: exact expectation, if known.
        standard_error: of ``mean``, by the quantity's own effective size.
        effective_size: independent draws that its average is worth.
        r_hat: split R-hat of 4 pools of chains; ``None`` for fewer than 4 draws a chain.
    """

    label: str
    mean: float
    exact: float | None
    standard_error: float
    effective_size: float
    r_hat: float | None

    @property
    def deviation(self) -> float | None:
        """(mean - exact) / standard error."""
        if self.exact is None or self.standard_error == 0:
            return None
        return (self.mean - self.exact) / self.standard_error

    @property
    def bias_percent(self) -> float | None:
        """100 (mean - exact) / |exact|; ``None`` if the exact value is 0 within the error."""
        if self.exact is None or abs(self.exact) <= self.standard_error:
            return None
        return 100 * (self.mean - self.exact) / abs(self.exact)

    @property
    def bias_percent_error(self) -> float | None:
        """Standard error of ``bias_percent``."""
        if self.exact is None or abs(self.exact) <= self.standard_error:
            return None
        return 100 * self.standard_error / abs(self.exact)


@dataclass(frozen=True)
class Failure:
    """What is wrong with a dataset, and what to do."""

    finding: str
    remedy: str


@dataclass(frozen=True)
class Certificate:
    """A dataset beside the exact values of its law.

    Attributes:
        law: class of the law.
        simulator: what drew the data: ``exact``, or the name of an integrator or of a Markov
            chain of spins.
        n: rows.
        n_chains: chains that they are of; ``None`` if all rows are independent.
        n_effective: independent samples that the rows are worth, the least over all quantities
            followed.
        errors: moments and physics over their floors, and the marginals' KS distance.
        sizes: how many perfect samples each of ``errors`` is held against: the effective size of
            the quantity that governs it, or ``n_effective``; from 1,024 down a power of two.
        tracks: quantities followed along the chains, by name.
        labels: names of the errors for people.
        failures: what is wrong, one after the other.
    """

    law: str
    simulator: str
    n: int
    n_chains: int | None
    n_effective: int
    errors: dict[str, Judgement]
    sizes: dict[str, int]
    tracks: dict[str, Track]
    labels: dict[str, str]
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.failures

    def warn(self) -> None:
        """One line in the log for each failure."""
        for failure in self.failures:
            log.warning("data certificate: %s: %s", failure.finding, failure.remedy)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "passed": self.passed,
            "law": self.law,
            "simulator": self.simulator,
            "n": self.n,
            "n_chains": self.n_chains,
            "n_effective": self.n_effective,
            "errors": {
                name: {"n_effective": self.sizes[name]}
                | {key: j.as_dict()[key] for key in ("value", "floor", "p_value", "verdict")}
                for name, j in self.errors.items()
            },
            "quantities": {name: _plain(track) for name, track in self.tracks.items()},
            "failures": [vars(failure) for failure in self.failures],
        }


def _plain(track: Track) -> dict[str, Any]:
    values = vars(track) | {
        "deviation": track.deviation,
        "bias_percent": track.bias_percent,
        "bias_percent_error": track.bias_percent_error,
    }
    del values["label"]
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in values.items()
    }
