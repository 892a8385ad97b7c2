"""What perfect samples of a law look like to distances between samples."""

import logging
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from truescore.metrics import null_cache
from truescore.metrics.distances import Distance
from truescore.metrics.null_law import NullLaw
from truescore.randomness import keyed_generator
from truescore.targets import Observable, Target

log = logging.getLogger(__name__)

N_MAX = 512
"""Size of the sets that are drawn, unless a distance has a larger ``null_size``."""

# As many exact samples stand ready as most distances take.
N_EXACT = 10_000

# Entries drawn in one call: exact samplers have a cost per call.
DRAWN_AT_ONCE = 2**24


class PerfectPairs:
    """Null laws of distances: a perfect sample set against another perfect one of the same size.

    ``n_null`` pairs of sets of min(n, 512) exact samples are drawn, once per law and distance; more
    for a distance whose null draws need more. Where a distance looks at more samples than its null
    draws did, these are scaled by the sizes' ratio to the power of its rate. What is judged is held
    against one exact set, independent of the null draws and the same for every model of a law.

    Args:
        target: the law.
        distances: by name.
        observables: of the law; their exact values are part of the cache's key.
        n_null: number R of pairs.
        seed: of the generator that draws them.
    """

    def __init__(
        self,
        target: Target,
        distances: Mapping[str, Distance],
        observables: Sequence[Observable],
        n_null: int,
        seed: int,
    ) -> None:
        self.target = target
        self.distances = distances
        self.observables = observables
        self.n_null = n_null
        self.seed = seed
        self._exact: dict[int, Tensor] = {}

    def exact(self, n: int) -> Tensor:
        """The first ``n`` exact samples that all models are held against, ``(n, d)`` float64."""
        # A fixed number wherever it suffices: the samples of a call depend on its size.
        size = max(n, N_EXACT)
        if size not in self._exact:
            generator = keyed_generator(self.seed, "exact side of distances")
            self._exact[size] = self.target.sample(size, generator).double()
        return self._exact[size][:n]

    def null_laws(self, n: int) -> dict[str, NullLaw]:
        """The null law of each distance of ``n`` samples, by name."""
        sizes = {name: min(n, max(N_MAX, d.null_size)) for name, d in self.distances.items()}
        draws: dict[str, Tensor] = {}
        for size in sorted(set(sizes.values())):
            draws |= self._draws(size, [name for name in sizes if sizes[name] == size])
        laws = {}
        for name, distance in self.distances.items():
            judged, drawn = min(n, distance.most), min(n, distance.null_size)
            laws[name] = NullLaw(draws[name] * (drawn / judged) ** distance.rate)
        return laws

    def _draws(self, n: int, names: Sequence[str]) -> dict[str, Tensor]:
        """Distances of ``n_null`` pairs of sets of n samples, ``(n_null,)`` each, cached."""
        law = null_cache.key(self.target, self.observables, n, self.n_null, self.seed)
        draws, missing = {}, []
        for name in names:
            stored = null_cache.load(f"{law}-{name}", [name], self.n_null)
            if stored is None:
                missing.append(name)
            else:
                draws |= stored
        if missing:
            log.info(
                "drawing %d pairs of perfect sets of %d samples of %s for %s, kept in %s",
                self.n_null,
                n,
                type(self.target).__name__,
                ", ".join(missing),
                null_cache.folder(),
            )
            drawn = self._draw(n, [self.distances[name] for name in missing])
            for name, values in drawn.items():
                null_cache.store(f"{law}-{name}", {name: values})
            draws |= drawn
        return draws

    def _draw(self, n: int, distances: Sequence[Distance]) -> dict[str, Tensor]:
        # Another stream than that of the observables' draws, and the same for every distance.
        generator = keyed_generator(self.seed, "pairs")
        values: dict[str, list[float]] = {distance.name: [] for distance in distances}
        at_once = max(1, DRAWN_AT_ONCE // (2 * n * self.target.dim))
        for start in range(0, self.n_null, at_once):
            pairs = min(at_once, self.n_null - start)
            drawn = self.target.sample(pairs * 2 * n, generator).reshape(pairs, 2, n, -1)
            for x, y in drawn.double():
                for distance in distances:
                    size = distance.null_size
                    values[distance.name].append(distance(x[:size], y[:size]))
        return {name: torch.tensor(each, dtype=torch.float64) for name, each in values.items()}
