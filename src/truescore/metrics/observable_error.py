"""The error of an observable of generated samples."""

from typing import Any

import torch
from torch import Tensor

from truescore.metrics.interval import N_GROUPS, debiased_interval
from truescore.metrics.perfect_samples import PerfectSamples, error
from truescore.metrics.sample_metric import SampleMetric
from truescore.metrics.verdict import Judgement, signed_root
from truescore.targets import Observable

# Entries of samples averaged at once.
ENTRIES = 2**22


class ObservableError(SampleMetric):
    """|average(x) - exact| in the observable's norm, judged.

    Args:
        perfect: perfect samples of the law.
        observable: one of its observables.
        kwargs: options of ``torchmetrics.Metric``.
    """

    def __init__(self, perfect: PerfectSamples, observable: Observable, **kwargs: Any) -> None:
        super().__init__(perfect, **kwargs)
        self.observable = observable

    def judge(self, x: Tensor) -> Judgement:
        """Judge a sample set, ``(n, d)`` on the CPU."""
        groups, average = group_averages(self.observable, x)
        value = float(error(self.observable, average))
        null = self.perfect.null_laws(len(x))[self.observable.name]
        if self.observable.norm == "l1":
            return null.judge(value)
        exact = self.observable.exact
        return null.judge(
            value,
            debiased=signed_root(value**2 - null.floor**2),
            interval=debiased_interval(groups - exact, average - exact, null.floor),
        )


def group_averages(observable: Observable, x: Tensor) -> tuple[Tensor, Tensor]:
    """Averages over groups of successive samples, ``(G, p)``, and over all samples, ``(p,)``.

    Groups have one size; the samples left over, fewer than one group, count in the total only.
    """
    n, dim = x.shape
    size = max(1, n // N_GROUPS)
    count = n // size
    blocks = x[: count * size].reshape(count, size, dim)
    at_once = max(1, ENTRIES // (size * dim))
    groups = torch.cat([observable.average(block) for block in blocks.split(at_once)])
    total = groups.sum(0) * size
    rest = x[count * size :]
    if len(rest):
        total = total + observable.average(rest) * len(rest)
    return groups, total / n
