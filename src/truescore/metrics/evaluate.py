"""All metrics of a sample set at once."""

from typing import Any

from torch import Tensor

from truescore.metrics.distance_error import DistanceError
from truescore.metrics.marginals import MarginalsKS
from truescore.metrics.observable_error import ObservableError
from truescore.metrics.perfect_samples import MARGINALS, PerfectSamples
from truescore.metrics.sample_metric import SampleMetric
from truescore.metrics.verdict import Judgement


def sample_metrics(perfect: PerfectSamples, **kwargs: Any) -> dict[str, SampleMetric]:
    """A metric for each observable of the law, its marginals if they are known, each distance.

    Args:
        perfect: perfect samples of the law.
        kwargs: options of ``torchmetrics.Metric``.
    """
    metrics: dict[str, SampleMetric] = {
        o.name: ObservableError(perfect, o, **kwargs) for o in perfect.observables
    }
    if perfect.has_marginals:
        metrics[MARGINALS] = MarginalsKS(perfect, **kwargs)
    distances = perfect.pairs.distances.values()
    return metrics | {d.name: DistanceError(perfect, d, **kwargs) for d in distances}


def evaluate_samples(perfect: PerfectSamples, samples: Tensor) -> dict[str, Judgement]:
    """Judge samples of a law, ``(n, d)``, whoever drew them.

    Args:
        perfect: perfect samples of the law, ``PerfectSamples(target)``.
        samples: at least 20, float32 or float64.

    Returns:
        The judgement of each metric, by name.
    """
    judgements = {}
    # These are all the samples: other processes of a training have none to add.
    for name, metric in sample_metrics(perfect, sync_on_compute=False).items():
        metric.update(samples)
        judgements[name] = metric.compute()
    return judgements


def metric_labels(perfect: PerfectSamples) -> dict[str, str]:
    """Names for people of all metrics of a law, by name."""
    labels = {o.name: o.label for o in perfect.observables}
    labels |= {d.name: d.label for d in perfect.pairs.distances.values()}
    return labels | {MARGINALS: "marginals, KS", "score_error": "score error"}
