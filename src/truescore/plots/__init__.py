"""Figures as functions of numpy arrays; nothing else in the package draws.

Every figure is a thin function over an axis-level ``draw_*`` function, so that figures can be
composed. The exact law is black, generated samples are blue and training data orange throughout.
"""

from truescore.plots.correlations import draw_two_point, two_point
from truescore.plots.density import (
    density_line,
    density_plane,
    draw_contours,
    draw_deviation,
    draw_deviation_map,
    draw_histogram,
    draw_points,
)
from truescore.plots.eigenmodes import draw_eigenmodes, eigenmodes
from truescore.plots.forward import forward_spins
from truescore.plots.losses import draw_losses, loss_curves
from truescore.plots.marginal import (
    draw_marginal,
    draw_spin_marginals,
    draw_state_marginals,
    marginals,
    spin_marginals,
    state_marginals,
)
from truescore.plots.memory import draw_memory, memory_curves
from truescore.plots.moments import (
    covariance_row,
    covariance_triptych,
    draw_covariance,
    draw_mean_profile,
    mean_profile,
)
from truescore.plots.noising import Moment, draw_moment, noising
from truescore.plots.paths import brownian_paths, draw_brownian, ou_families
from truescore.plots.points import points_plane
from truescore.plots.samples import draw_samples, samples_beside
from truescore.plots.score_error import draw_score_error, score_error_curve
from truescore.plots.score_field import (
    draw_relative_error,
    draw_score,
    draw_trail,
    error_by_distance,
    score_fields,
)
from truescore.plots.score_map import draw_score_map, score_maps
from truescore.plots.snapshots import animate, draw_cloud, snapshots
from truescore.plots.style import BASELINES, DATA, EXACT, GENERATED, HELD_OUT, TRAINING_DATA, save
from truescore.plots.summary import density_summary, summary_panel
from truescore.plots.trajectory import trajectory
from truescore.plots.unadjusted import (
    chain_beside_direct,
    draw_ellipse,
    wasserstein_against_step,
)
from truescore.plots.verdict import draw_verdicts, verdicts

__all__ = [
    "BASELINES",
    "DATA",
    "EXACT",
    "GENERATED",
    "HELD_OUT",
    "Moment",
    "TRAINING_DATA",
    "animate",
    "brownian_paths",
    "chain_beside_direct",
    "covariance_row",
    "covariance_triptych",
    "density_line",
    "density_plane",
    "density_summary",
    "draw_contours",
    "draw_covariance",
    "draw_deviation",
    "draw_deviation_map",
    "draw_histogram",
    "draw_eigenmodes",
    "draw_brownian",
    "draw_cloud",
    "draw_covariance",
    "draw_ellipse",
    "draw_losses",
    "draw_marginal",
    "draw_mean_profile",
    "draw_memory",
    "draw_moment",
    "draw_points",
    "draw_relative_error",
    "draw_samples",
    "draw_score",
    "draw_score_error",
    "draw_score_map",
    "draw_spin_marginals",
    "draw_state_marginals",
    "draw_trail",
    "draw_two_point",
    "draw_verdicts",
    "eigenmodes",
    "error_by_distance",
    "forward_spins",
    "loss_curves",
    "marginals",
    "noising",
    "mean_profile",
    "memory_curves",
    "ou_families",
    "points_plane",
    "samples_beside",
    "save",
    "score_error_curve",
    "score_fields",
    "score_maps",
    "snapshots",
    "spin_marginals",
    "state_marginals",
    "summary_panel",
    "trajectory",
    "two_point",
    "verdicts",
    "wasserstein_against_step",
]
