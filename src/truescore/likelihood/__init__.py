"""Exact log-likelihoods on the probability flow, and what they are good for."""

from truescore.likelihood.flow import Likelihood, log_likelihood, sample_with_log_prob
from truescore.likelihood.importance import ImportanceSampling, importance_sampling

__all__ = [
    "ImportanceSampling",
    "Likelihood",
    "importance_sampling",
    "log_likelihood",
    "sample_with_log_prob",
]
