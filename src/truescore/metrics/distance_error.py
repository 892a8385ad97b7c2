"""A distance between generated and exact samples."""

from typing import Any

from torch import Tensor

from truescore.metrics.distances import Distance
from truescore.metrics.perfect_samples import PerfectSamples
from truescore.metrics.sample_metric import SampleMetric
from truescore.metrics.verdict import Judgement


class DistanceError(SampleMetric):
    """Distance between the first samples and as many exact ones, judged.

    Args:
        perfect: perfect samples of the law, made with the distance's name.
        distance: one of its distances.
        kwargs: options of ``torchmetrics.Metric``.
    """

    def __init__(self, perfect: PerfectSamples, distance: Distance, **kwargs: Any) -> None:
        super().__init__(perfect, **kwargs)
        self.distance = distance

    def judge(self, x: Tensor) -> Judgement:
        """Judge a sample set, ``(n, d)`` on the CPU."""
        null = self.perfect.null_laws(len(x))[self.distance.name]
        x = x[: self.distance.most].double()
        y = self.perfect.pairs.exact(len(x))
        debiased, interval = self.distance.own_error(x, y) or (None, None)
        judged = null.judge(self.distance(x, y), debiased, interval)
        if self.distance.unbiased and judged.floor > 0:
            return judged._replace(z=judged.value / judged.floor)
        return judged
