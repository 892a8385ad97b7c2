"""What perfect samples of a law look like to every metric."""

import logging
import math
from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.metrics import null_cache
from truescore.metrics.distances import build_distances
from truescore.metrics.ks import ks_distance
from truescore.metrics.null_law import NullLaw
from truescore.metrics.perfect_pairs import PerfectPairs
from truescore.metrics.verdict import LEVEL
from truescore.targets import Observable, SampledLaw, Target

log = logging.getLogger(__name__)

MARGINALS = "marginals_ks"
N_MAX = 1024
"""Largest size of a null sample set; errors of larger sets follow by scaling."""

# Not a seed that anyone would draw samples with: the null must be independent of what it judges.
SEED = 7_046_029_254_386_353_131

# Entries drawn in one call (exact samplers have a cost per call) and reduced at once (memory).
DRAWN_AT_ONCE = 2**24
REDUCED_AT_ONCE = 2**21


class PerfectSamples:
    """Null laws of all metrics of a target, from one pass of exact draws.

    ``n_null`` sets of n0 = min(n, 1024) exact samples are drawn, once per law: the draws are kept
    in memory and on disk. By the central limit theorem sqrt(n) times an error of an average has the
    same law at n as at n0, up to relative corrections of order 1/sqrt(n0), so the draws are scaled
    by sqrt(n0/n). Where an observable knows its variance, they are also scaled to make their root
    mean square the exact floor sqrt(variance/n).

    Args:
        target: the law.
        n_null: number R of perfect sample sets, at least 100, so that p < 0.01 can occur.
        seed: of the generator that draws them.
        distances: names of further distances, ``truescore.metrics.distances``.
    """

    def __init__(
        self,
        target: Target,
        n_null: int = 1000,
        seed: int = SEED,
        distances: Sequence[str] = (),
    ) -> None:
        if n_null < 1 / LEVEL:
            raise UserError(f"got n_null={n_null}, expected at least {1 / LEVEL:.0f}: raise it")
        self.target = target
        self.n_null = n_null
        self.seed = seed
        self.observables = target.observables()
        self.has_marginals = not isinstance(target, SampledLaw)
        self.pairs = PerfectPairs(
            target, build_distances(target, distances), self.observables, n_null, seed
        )
        self._laws: dict[int, dict[str, NullLaw]] = {}
        n_errors = len(self.observables) + self.has_marginals + len(distances)
        if n_errors / (n_null + 1) >= LEVEL:
            _warn_of_few_sets(n_null, n_errors)

    def null_laws(self, n: int) -> dict[str, NullLaw]:
        """The null law of each error of ``n`` samples, by name; KS and distances among them."""
        if n not in self._laws:
            own = self._own_laws(n) if self.has_marginals else {}
            self._laws[n] = own | self.pairs.null_laws(n)
        return self._laws[n]

    def _own_laws(self, n: int) -> dict[str, NullLaw]:
        """Null laws of what is held against exact values."""
        n_drawn = min(n, N_MAX)
        draws = self._draws(n_drawn)
        scale = {o.name: self._scale(o, draws[o.name], n_drawn, n) for o in self.observables}
        scale[MARGINALS] = self._ks_scale(n_drawn) / self._ks_scale(n)
        return {name: NullLaw(draws[name] * scale[name]) for name in scale}

    def _scale(self, observable: Observable, draws: Tensor, n_drawn: int, n: int) -> float:
        clt = math.sqrt(n_drawn / n)
        if observable.variance is None or observable.norm == "l1" or not draws.any():
            return clt
        square = draws**2
        exact = observable.variance / n_drawn
        scatter = float(square.std()) / math.sqrt(len(draws))
        if abs(float(square.mean()) - exact) > 6 * scatter:
            log.warning(
                "%s: exact samples show a squared error of %.4g +- %.1g, its variance says %.4g:"
                " the law's sampler and this observable disagree",
                observable.name,
                float(square.mean()),
                scatter,
                exact,
            )
        return clt * math.sqrt(exact / float(square.mean()))

    def _ks_scale(self, n: int) -> float:
        """Factor that makes the law of the KS distance free of n; Stephens 1970 for reals."""
        root = math.sqrt(n)
        return root + 0.12 + 0.11 / root if self.target.state_space == "real" else root

    def _draws(self, n: int) -> dict[str, Tensor]:
        """Errors of ``n_null`` perfect sets of n samples, each ``(n_null,)``, from the cache."""
        names = [*(o.name for o in self.observables), MARGINALS]
        key = null_cache.key(self.target, self.observables, n, self.n_null, self.seed)
        draws = null_cache.load(key, names, self.n_null)
        if draws is None:
            log.info(
                "drawing %d perfect sets of %d samples of %s, kept in %s",
                self.n_null,
                n,
                type(self.target).__name__,
                null_cache.folder(),
            )
            draws = self._draw(n)
            null_cache.store(key, draws)
        return draws

    def _draw(self, n: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(self.seed)
        size = n * self.target.dim
        parts: dict[str, list[Tensor]] = {o.name: [] for o in self.observables} | {MARGINALS: []}
        for sets in _sizes(self.n_null, max(1, DRAWN_AT_ONCE // size)):
            drawn = self.target.sample(sets * n, generator).reshape(sets, n, -1)
            for x in drawn.split(max(1, REDUCED_AT_ONCE // size)):
                for o in self.observables:
                    parts[o.name].append(error(o, o.average(x)))
            parts[MARGINALS].append(ks_distance(self.target, drawn))
        return {name: torch.cat(part) for name, part in parts.items()}


def error(observable: Observable, average: Tensor) -> Tensor:
    """Distance of averages ``(..., p)`` to the exact value in the observable's norm, ``(...)``."""
    deviation = average - observable.exact
    order = 1 if observable.norm == "l1" else 2
    return torch.linalg.vector_norm(deviation, ord=order, dim=-1)


@cache
def _warn_of_few_sets(n_null: int, n_errors: int) -> None:
    """Once in a process: a run, and a sweep, judges many times."""
    log.warning(
        "n_null=%d is too few to reject any of %d errors together (Holm): use %d or more",
        n_null,
        n_errors,
        math.ceil(n_errors / LEVEL),
    )


def _sizes(total: int, most: int) -> list[int]:
    return [most] * (total // most) + [total % most] * (total % most > 0)
