"""All metrics of a sample set at once."""

from torch import Tensor

from truescore.metrics.marginals import MarginalsKS
from truescore.metrics.observable_error import ObservableError
from truescore.metrics.perfect_samples import MARGINALS, PerfectSamples
from truescore.metrics.sample_metric import SampleMetric
from truescore.metrics.verdict import Judgement


def sample_metrics(perfect: PerfectSamples) -> dict[str, SampleMetric]:
    """A metric for each observable of the law, and one for its single-site marginals."""
    metrics: dict[str, SampleMetric] = {
        o.name: ObservableError(perfect, o) for o in perfect.observables
    }
    return metrics | {MARGINALS: MarginalsKS(perfect)}


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
    return labels | {MARGINALS: "marginals, KS", "score_error": "score error"}
