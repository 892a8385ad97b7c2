"""Log-likelihoods: exact on the probability flow, bounded on the paths of jumps."""

from truescore.likelihood.certified import CertifiedBound, certified_bound
from truescore.likelihood.elbo import NegativeELBO, negative_elbo
from truescore.likelihood.enumeration import generated_law, relative_entropy
from truescore.likelihood.flow import Likelihood, log_likelihood, sample_with_log_prob
from truescore.likelihood.importance import ImportanceSampling, importance_sampling
from truescore.likelihood.path_bound import BoundParts, PathBound, bound_parts, path_bound

__all__ = [
    "BoundParts",
    "CertifiedBound",
    "ImportanceSampling",
    "Likelihood",
    "NegativeELBO",
    "PathBound",
    "bound_parts",
    "certified_bound",
    "generated_law",
    "importance_sampling",
    "log_likelihood",
    "negative_elbo",
    "path_bound",
    "relative_entropy",
    "sample_with_log_prob",
]
