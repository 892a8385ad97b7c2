"""Single-site marginals of generated samples."""

from torch import Tensor

from truescore.metrics.ks import ks_distance
from truescore.metrics.perfect_samples import MARGINALS
from truescore.metrics.sample_metric import SampleMetric
from truescore.metrics.verdict import Judgement


class MarginalsKS(SampleMetric):
    """Largest Kolmogorov-Smirnov distance over sites, max_i sup_v |F_n(x_i <= v) - F(x_i <= v)|.

    Args:
        perfect: perfect samples of the law.
        kwargs: options of ``torchmetrics.Metric``.
    """

    def judge(self, x: Tensor) -> Judgement:
        """Judge a sample set, ``(n, d)`` on the CPU."""
        value = float(ks_distance(self.perfect.target, x))
        return self.perfect.null_laws(len(x))[MARGINALS].judge(value)
