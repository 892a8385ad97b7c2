"""Holding a dataset against its law: errors over floors, agreement of chains, bias of the step."""

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from truescore.metrics import Judgement, PerfectSamples, metric_labels
from truescore.metrics.ks import ks_distance
from truescore.metrics.perfect_samples import MARGINALS, N_MAX, error
from truescore.metrics.verdict import rejected
from truescore.simulate.certificate import Certificate, Failure, Track
from truescore.simulate.convergence import FEWEST, effective_size, split_r_hat
from truescore.simulate.quantities import Quantity, quantities
from truescore.simulate.remedies import Remedies, remedies

# Vehtari et al. 2021: R-hat below 1.01 and an effective size of 400 (100 for each of 4 chains).
R_HAT = 1.01
EFFECTIVE = 400
SUPERCHAINS = 4
# Standard errors by which an energy may miss its exact value; perfect samples do once in 16,000.
DEVIATION = 4.0

# Entries of data reduced at once, and rows of which the marginals are looked at.
ENTRIES = 2**21
MARGINAL_ROWS = 2**17


def certify(
    perfect: PerfectSamples, data: Tensor, simulator: str = "exact", n_chains: int | None = None
) -> Certificate:
    """Hold a dataset against the exact values of its law.

    A perfect dataset fails with a chance of about 1%: all errors together are tested at that level
    (Holm), and the energies add one in 8,000.

    Args:
        perfect: perfect samples of the law.
        data: rows ``(n, d)``, float32, mapped from disk or not; read a block at a time.
        simulator: ``exact``, or the name of an integrator or of a Markov chain of spins.
        n_chains: row i is of chain i mod n_chains; ``None`` if all rows are independent.
    """
    followed = quantities(perfect.target)
    averages, series = _reduce(perfect, followed, data)
    tracks = {q.name: _track(q, series[q.name], n_chains) for q in followed}
    effective = _whole(min(track.effective_size for track in tracks.values()))
    sizes = {name: _null_size(effective, len(data)) for name in averages}
    for q in followed:
        own = _null_size(_whole(tracks[q.name].effective_size), len(data))
        sizes |= {name: own for name in q.governs if name in sizes}
    errors = {
        o.name: perfect.null_laws(sizes[o.name])[o.name].judge(float(error(o, averages[o.name])))
        for o in perfect.observables
    }
    errors[MARGINALS], sizes[MARGINALS] = _marginals(perfect, data, effective)
    told = remedies(simulator, perfect.target)
    failures = [
        *_of_chains(tracks, len(data), effective, told),
        *_of_energies(followed, tracks, told),
    ]
    for name in rejected(errors):
        label = metric_labels(perfect)[name]
        finding = f"{label} is {errors[name].verdict} of {sizes[name]:,} independent samples"
        failures.append(Failure(finding, told.burn_in))
    return Certificate(
        law=type(perfect.target).__name__,
        simulator=simulator,
        n=len(data),
        n_chains=n_chains,
        n_effective=effective,
        errors=errors,
        sizes=sizes,
        tracks=tracks,
        labels=metric_labels(perfect),
        failures=tuple(failures),
    )


def _reduce(
    perfect: PerfectSamples, followed: list[Quantity], data: Tensor
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Averages of all observables, and all values of the quantities, in one pass over the data."""
    averages = {o.name: torch.zeros_like(o.exact) for o in perfect.observables}
    series: dict[str, list[Tensor]] = {q.name: [] for q in followed}
    for block in _blocks(data):
        for o in perfect.observables:
            averages[o.name] += o.average(block) * len(block) / len(data)
        for q in followed:
            series[q.name].append(q.values(block))
    return averages, {name: torch.cat(parts) for name, parts in series.items()}


def _blocks(data: Tensor) -> Iterator[Tensor]:
    yield from data.split(max(1, ENTRIES // data.shape[1]))


def _track(quantity: Quantity, values: Tensor, n_chains: int | None) -> Track:
    effective, r_hat = float(len(values)), None
    if n_chains is not None:
        draws = values[: len(values) // n_chains * n_chains].reshape(-1, n_chains)
        effective = effective_size(draws)
        if len(draws) >= FEWEST:
            r_hat = split_r_hat(draws, SUPERCHAINS)
    spread = float(values.std()) if len(values) > 1 else 0.0
    return Track(
        label=quantity.label,
        mean=float(values.mean()),
        exact=quantity.exact,
        standard_error=spread / math.sqrt(effective),
        effective_size=effective,
        r_hat=r_hat,
    )


def _whole(size: float) -> int:
    return max(1, int(size))


def _marginals(perfect: PerfectSamples, data: Tensor, effective: int) -> tuple[Judgement, int]:
    """The marginals' KS distance, of some of the rows if there are many, and its size."""
    worth = float(effective)
    if len(data) > MARGINAL_ROWS:
        chosen = torch.randperm(len(data), generator=torch.Generator().manual_seed(0))
        # The mean over a random part has the variance of the whole and that of the choice.
        worth = 1 / (1 / worth + 1 / MARGINAL_ROWS - 1 / len(data))
        data = data[chosen[:MARGINAL_ROWS].sort().values]
    size = _null_size(_whole(worth), len(data))
    value = float(ks_distance(perfect.target, data))
    return perfect.null_laws(size)[MARGINALS].judge(value), size


def _null_size(effective: int, n: int) -> int:
    """Size of the perfect sets; few sizes, because each below 1,024 has draws of its own."""
    if effective >= min(n, N_MAX):
        return effective
    return 2 ** int(math.log2(effective))


def _of_chains(
    tracks: Mapping[str, Track], n: int, effective: int, told: Remedies
) -> Iterator[Failure]:
    # Half of n: an effective size is an estimate, even of independent rows.
    needed = min(EFFECTIVE, n // 2)
    if effective < needed:
        finding = f"{n:,} samples are worth {effective:,} independent ones, expected {needed:,}"
        yield Failure(finding, told.length)
    for track in tracks.values():
        if track.r_hat is not None and track.r_hat > R_HAT and n >= 2 * EFFECTIVE:
            finding = f"R-hat of the {track.label} is {track.r_hat:.3f}, expected {R_HAT} at most"
            yield Failure(finding, told.length)


def _of_energies(
    followed: list[Quantity], tracks: Mapping[str, Track], told: Remedies
) -> Iterator[Failure]:
    for track in (tracks[q.name] for q in followed if q.energy):
        if track.deviation is not None and abs(track.deviation) > DEVIATION:
            size = "" if track.bias_percent is None else f"{track.bias_percent:+.3g}%, "
            finding = f"{track.label} is off by {size}{track.deviation:+.1f} standard errors"
            yield Failure(finding, told.step)
