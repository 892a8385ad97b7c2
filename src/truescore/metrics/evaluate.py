"""All metrics of a sample set at once."""

from torch import Tensor

from truescore.metrics.distance_error import DistanceError
from truescore.metrics.marginals import MarginalsKS
from truescore.metrics.observable_error import ObservableError
from truescore.metrics.perfect_samples import MARGINALS, PerfectSamples
from truescore.metrics.sample_metric import SampleMetric
from truescore.metrics.verdict import Judgement


def sample_metrics(perfect: PerfectSamples) -> dict[str, SampleMetric]:
    """A metric for each observable of the law, its marginals if they are known, each distance."""
    metrics: dict[str, SampleMetric] = {
        o.name: ObservableError(perfect, o) for o in perfect.observables
    }
    if perfect.has_marginals:
        metrics[MARGINALS] = MarginalsKS(perfect)
    return metrics | {d.name: DistanceError(perfect, d) for d in perfect.pairs.distances.values()}


def evaluate_samples(perfect: PerfectSamples, samples: Tensor) -> dict[str, Judgement]:
    """Judge samples of a law, ``(n, d)``, whoever drew them.

    Args:
        perfect: perfect samples of the law, ``PerfectSamples(target)``.
        samples: at least 20, float32 or float64.

    Returns:
        The judgement of each metric, by name.
    """
    judgements = {}
    for name, metric in sample_metrics(perfect).items():
        metric.update(samples)
        judgements[name] = metric.compute()
    return judgements


def metric_labels(perfect: PerfectSamples) -> dict[str, str]:
    """Names for people of all metrics of a law, by name."""
    labels = {o.name: o.label for o in perfect.observables}
    labels |= {d.name: d.label for d in perfect.pairs.distances.values()}
    return labels | {MARGINALS: "marginals, KS", "score_error": "score error"}
