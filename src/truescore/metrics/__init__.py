"""Errors of samples and scores, each beside the error that perfect samples would show."""

from truescore.metrics.couplings import CouplingErrors, Couplings, pairwise, read_couplings
from truescore.metrics.distance_error import DistanceError
from truescore.metrics.distances import DISTANCES, total_variation, wasserstein
from truescore.metrics.eigenmodes import EigenmodeErrors, eigenmode_errors
from truescore.metrics.evaluate import evaluate_samples, metric_labels
from truescore.metrics.marginals import MarginalsKS
from truescore.metrics.null_law import NullLaw
from truescore.metrics.observable_error import ObservableError
from truescore.metrics.perfect_samples import PerfectSamples
from truescore.metrics.score_error import ScoreErrorCurve, score_error_curve, score_error_curves
from truescore.metrics.table import metrics_table
from truescore.metrics.two_sample import Answer, alike
from truescore.metrics.verdict import LEVEL, Judgement, holm, rejected

__all__ = [
    "DISTANCES",
    "LEVEL",
    "Answer",
    "CouplingErrors",
    "Couplings",
    "DistanceError",
    "EigenmodeErrors",
    "Judgement",
    "MarginalsKS",
    "NullLaw",
    "ObservableError",
    "PerfectSamples",
    "ScoreErrorCurve",
    "alike",
    "eigenmode_errors",
    "evaluate_samples",
    "holm",
    "metric_labels",
    "metrics_table",
    "pairwise",
    "read_couplings",
    "rejected",
    "score_error_curve",
    "score_error_curves",
    "total_variation",
    "wasserstein",
]
