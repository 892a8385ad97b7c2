"""What a run can certify of the law it generates, for its table and its summary."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch

from truescore.denoisers import DiscreteDenoiser
from truescore.likelihood.path_bound import BoundParts, PathBound, bound_parts
from truescore.samplers import Sampler
from truescore.samplers.discrete import DiscreteSampler
from truescore.targets import Observable, Target

# One in so many samples is put to the exact score too, which is slow and whose part needs few.
EXACT_SHARE = 5
# Exact samples for the variances of statistics.
ENOUGH = 2000


@dataclass(frozen=True)
class CertifiedBound:
    """A bound on KL(data || generated), or that there is none.

    Attributes:
        sampler: name of the sampler's class.
        bound: its bound; ``None`` if the law of its steps has no closed form.
        parts: what prior, discretisation and learning contribute.
        bars: how far off the mean of each statistic of one component may be, to first order, by
            its name; see ``PathBound.moment_bar``.
    """

    sampler: str
    bound: PathBound | None = None
    parts: BoundParts | None = None
    bars: dict[str, float] | None = None

    def lines(self) -> list[str]:
        """For people, under the table."""
        if self.bound is None or self.parts is None:
            return [
                f"No bound on KL(data || generated): a step of {self.sampler} has no law in closed"
                " form; those of sampler=analytic have."
            ]
        if not math.isfinite(self.bound.value):
            return [
                f"No finite bound on KL(data || generated): {self.sampler} gives no chance to what"
                " the data do in some step; sampler=analytic does."
            ]
        low, high = self.bound.interval
        first = (
            f"KL(data || generated) <= {self.bound.value:.2g} [{low:.2g}, {high:.2g}] nats for all"
            f" sites, by {self.sampler}: {self._parts_line()}"
            f" ({len(self.bound.draws)} exact samples)."
        )
        bars = ", ".join(f"{n.replace('_', ' ')} {b:.2g}" for n, b in (self.bars or {}).items())
        return [first, f"So no more is off, to first order, than: {bars}."] if bars else [first]

    def _parts_line(self) -> str:
        parts = self.parts
        if parts is None or not math.isfinite(parts.discretisation):
            return "no finite one with the exact score, whose steps would be too long"
        return (
            f"prior {parts.prior_mismatch:.2g}, steps {parts.discretisation:.2g},"
            f" learning {parts.learning:.2g}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for ``summary.json``; ``value`` is null if there is no bound."""
        if self.bound is None or self.parts is None or not math.isfinite(self.bound.value):
            return {"sampler": self.sampler, "value": None, "reason": self.lines()[0]}
        return {
            "sampler": self.sampler,
            "value": self.bound.value,
            "ci_low": self.bound.interval[0],
            "ci_high": self.bound.interval[1],
            "n": len(self.bound.draws),
            "prior_mismatch": self.parts.prior_mismatch,
            # Long steps may have a law with the learned score and none with the exact one.
            "discretisation": _finite(self.parts.discretisation),
            "learning": _finite(self.parts.learning),
            "moment_bars": self.bars,
        }


def certified_bound(
    sampler: Sampler,
    denoiser: DiscreteDenoiser,
    target: Target,
    observables: Iterable[Observable],
    n: int,
    seed: int,
) -> CertifiedBound:
    """The bound of a sampler, if its steps have a law that can be written down.

    Args:
        sampler: as the samples were drawn.
        denoiser: learned.
        target: the law, with an exact score.
        observables: statistics, of which those of one component get bars.
        n: exact samples behind the bound.
        seed: of the samples and their noise.
    """
    name = type(sampler).__name__
    if not isinstance(sampler, DiscreteSampler):
        return CertifiedBound(name)
    bound, parts = bound_parts(sampler, denoiser, target, n, seed, max(2, n // EXACT_SHARE))
    x = target.sample(max(n, ENOUGH), torch.Generator().manual_seed(seed))
    single = {o.name: o.average(x[:, None]) for o in observables if o.exact.numel() == 1}
    bars = {name: bound.moment_bar(float(values.var())) for name, values in single.items()}
    return CertifiedBound(name, bound, parts, bars)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
