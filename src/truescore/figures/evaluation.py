"""The figures of an evaluation, of any law."""

from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from truescore import plots
from truescore.evaluation import Evaluation
from truescore.figures.plane import plane_figures
from truescore.metrics import metric_labels
from truescore.metrics.observable_error import group_averages
from truescore.randomness import keyed_generator
from truescore.targets import GrayCode, NearestNeighbourChain, Observable, SampledLaw, Target

N_SHOWN = 200
DENSITY_POINTS = 400
# Exact points drawn in the plane, and points of the density's grid along an axis.
N_POINTS, LINE_POINTS, PLANE_POINTS = 2000, 1600, 192


def sample_figures(
    target: Target, samples: Tensor, training_data: Tensor | None = None
) -> dict[str, Figure]:
    """Generated samples beside the exact law, and in marginals of reals beside the training data.

    On the line and in the plane the density itself; elsewhere some samples, marginals, mean, both
    covariances and their difference. Codes of points in the plane are decoded.
    """
    if isinstance(target, SampledLaw):
        return _sampled(target, samples)
    density = _density(target, samples)
    if density is not None and target.dim == 1:
        return {"density": plots.density_line(**density)}
    if density is not None:
        return {
            "density": plots.density_plane(**density),
            "marginals": _marginals(target, samples, training_data),
        }
    if target.n_states is not None:
        return _states(target, samples)
    mean, covariance = target.mean(), target.covariance()
    x = samples.double()
    deviation = x - mean
    floor = (target.squared_deviations() - covariance**2).sum().div(len(x)).sqrt()
    return {
        **_neighbours(target, samples),
        "samples": plots.samples_beside(**_beside(target, samples)),
        "marginals": _marginals(target, samples, training_data),
        "mean": plots.mean_profile(
            x.mean(0).numpy(), (x.std(0) / len(x) ** 0.5).numpy(), mean.numpy()
        ),
        "covariance": plots.covariance_triptych(
            (deviation.mT @ deviation / len(x)).numpy(), covariance.numpy(), float(floor)
        ),
    }


def evaluation_figures(target: Target, evaluation: Evaluation, title: str) -> dict[str, Figure]:
    """All figures that judge: samples, verdicts, eigenmodes, two-point function, domains, score."""
    figures = sample_figures(target, evaluation.samples, evaluation.training_data)
    if evaluation.judgements:
        figures["verdicts"] = plots.verdicts(**_verdicts(evaluation))
    modes = evaluation.eigenmodes
    if target.dim > 2 and modes is not None:
        figures["eigenmodes"] = plots.eigenmodes(
            modes.error,
            np.stack([modes.ci_low, modes.ci_high]),
            np.stack([modes.band_low, modes.band_high]),
        )
    two_point = _two_point(evaluation)
    if two_point is not None:
        figures["two_point"] = plots.two_point(**two_point)
    domains = _domain_lengths(evaluation)
    if domains is not None:
        figures["domain_lengths"] = plots.two_point(**domains)
    if evaluation.curve is not None:
        score_error = _score_error(target, evaluation)
        judged = {"score_error": score_error, "verdicts": _verdicts(evaluation)}
        density = _density(target, evaluation.samples)
        figures["score_error"] = plots.score_error_curve(**score_error)
        if evaluation.plane is not None:
            figures |= plane_figures(evaluation.plane, evaluation.curve)
        if density is not None:
            figures["summary"] = plots.density_summary(title, density=density, **judged)
        elif two_point is not None:
            samples = _beside(target, evaluation.samples)
            figures["summary"] = plots.summary_panel(
                title, samples=samples, two_point=two_point, **judged
            )
    return figures


def _sampled(target: SampledLaw, samples: Tensor) -> dict[str, Figure]:
    figures = {"samples": plots.samples_beside(**_beside(target, samples))}
    if isinstance(target, GrayCode):
        exact = target.sample(N_POINTS, keyed_generator(0, "shown"))
        points = [target.decode(spins).numpy() for spins in (samples, exact)]
        figures["plane"] = plots.points_plane(*points, half_width=target.reach)
    return figures


def _states(target: Target, samples: Tensor) -> dict[str, Figure]:
    figures = {"samples": plots.samples_beside(**_beside(target, samples))}
    symbols = torch.arange(float(target.n_states or 0))
    exact = torch.stack([target.marginal(i, symbols) for i in range(target.dim)])
    figures["marginals"] = plots.state_marginals(samples.numpy(), exact.numpy())
    return figures


def _beside(target: Target, samples: Tensor) -> dict[str, Any]:
    exact = target.sample(N_SHOWN, keyed_generator(0, "shown"))
    return {
        "generated": samples[:N_SHOWN].numpy(),
        "exact": exact.numpy(),
        "state_space": target.state_space,
        "walls": getattr(target, "boundary", None) == "fixed",
    }


def _density(target: Target, samples: Tensor) -> dict[str, Any] | None:
    """Arguments of ``density_line`` or ``density_plane``; ``None`` for any other law."""
    if target.state_space != "real" or target.dim > 2:
        return None
    if target.dim == 1:
        (grid,) = _axes(target, LINE_POINTS)
        density = target.log_prob(grid[:, None]).exp().numpy()
        return {"generated": samples[:, 0].numpy(), "grid": grid.numpy(), "density": density}
    x, y = _axes(target, PLANE_POINTS)
    density = target.log_prob(torch.cartesian_prod(x, y)).exp().reshape(len(x), len(y))
    return {
        "generated": samples.numpy(),
        "exact": target.sample(N_POINTS, keyed_generator(0, "shown")).numpy(),
        "x": x.numpy(),
        "y": y.numpy(),
        "density": density.T.numpy(),
    }


def _neighbours(target: Target, samples: Tensor) -> dict[str, Figure]:
    """Two neighbouring sites of a chain of reals: their marginals, and their joint law."""
    if target.state_space != "real" or not isinstance(target, NearestNeighbourChain):
        return {}
    site = _pair(target)
    pair = slice(site, site + 2)
    exact = target.sample(N_POINTS, keyed_generator(0, "shown"))[:, pair]
    low, high = float(exact.min()), float(exact.max())
    grid = torch.linspace(1.1 * low, 1.1 * high, PLANE_POINTS, dtype=torch.float64)
    names = f"x_{{{site + 1}}}", f"x_{{{site + 2}}}"
    density = target.pair_marginal(site, grid, grid).T.numpy()
    joint = plots.density_plane(
        samples[:, pair].numpy(), exact.numpy(), grid.numpy(), grid.numpy(), density, names=names
    )
    return {"neighbours": joint}


def _pair(target: Target) -> int:
    """The first of the two neighbours that are shown: site 7 of a chain that is long enough."""
    return min(6, (target.dim - 1) // 2)


def _axes(target: Target, n: int) -> list[Tensor]:
    """Points along each coordinate that cover the law, whatever was generated."""
    exact = target.sample(N_POINTS, keyed_generator(0, "shown")).double()
    low, high = exact.amin(0), exact.amax(0)
    room = (high - low) / 10
    ends = zip((low - room).tolist(), (high + room).tolist(), strict=True)
    return [torch.linspace(*end, n, dtype=torch.float64) for end in ends]


def _marginals(target: Target, samples: Tensor, training_data: Tensor | None) -> Figure:
    if target.state_space == "spin":
        up = torch.stack([target.marginal(i, torch.ones(1))[0] for i in range(target.dim)])
        return plots.spin_marginals(samples.numpy(), up.numpy())
    site = _pair(target)
    sites = sorted({0, site, site + 1, target.dim - 1})
    low, high = float(samples.min()), float(samples.max())
    grid = torch.linspace(low, high, DENSITY_POINTS, dtype=torch.float64)
    density = torch.stack([target.marginal(site, grid) for site in sites])
    data = None if training_data is None else training_data.numpy()
    return plots.marginals(samples.numpy(), sites, grid.numpy(), density.numpy(), data)


def _verdicts(evaluation: Evaluation) -> dict[str, Any]:
    null_laws = evaluation.perfect.null_laws(len(evaluation.samples))
    labels = metric_labels(evaluation.perfect)
    names = [name for name in evaluation.judgements if name in null_laws]
    band = np.array(
        [null_laws[name].draws.quantile(torch.tensor([0.025, 0.975]).double()) for name in names]
    )
    floors = np.array([null_laws[name].floor for name in names])
    # Each over the floor of its own size: there may be more training data than samples.
    baselines = {
        baseline: np.array([max(judged[name].value, 0) / judged[name].floor for name in names])
        for baseline, judged in evaluation.baselines.items()
    }
    judged = [evaluation.judgements[name] for name in names]
    # Unbiased squares may fall below zero, which is no difference.
    return {
        "names": [labels[name] for name in names],
        "ratio": np.array([j.value for j in judged]).clip(min=0) / floors,
        "band": band.T.clip(min=0) / floors,
        "verdict": [j.verdict for j in judged],
        "baselines": baselines,
    }


def _two_point(evaluation: Evaluation) -> dict[str, Any] | None:
    """Arguments of ``two_point``: of states the agreement at a distance."""
    observables = {o.name: o for o in evaluation.perfect.observables}
    if "agreement" in observables:
        return _over_sites(evaluation, observables["agreement"], "agreement $P(x_i=x_{i+r})$")
    if "two_point_function" in observables:
        observable = observables["two_point_function"]
        return _over_sites(evaluation, observable, "two-point function $C(r)$")
    return None


def _domain_lengths(evaluation: Evaluation) -> dict[str, Any] | None:
    """Arguments of ``two_point``, but for the domains longer than those that have a bin each."""
    observables = {o.name: o for o in evaluation.perfect.observables}
    observable = observables.get("domain_lengths")
    if observable is None or len(observable.exact) < 2:
        return None
    shown = _over_sites(evaluation, observable, "domains per site")
    single = {key: shown[key][..., :-1] for key in ("r", "exact", "generated", "interval", "data")}
    return shown | single | {"over": "length $l$ (sites)"}


def _over_sites(evaluation: Evaluation, observable: Observable, label: str) -> dict[str, Any]:
    """An observable whose components belong to 1, 2, .. sites: exact, generated and of the data."""
    groups, average = group_averages(observable, evaluation.samples)
    half = 1.96 * groups.std(0) / len(groups) ** 0.5
    _, data = group_averages(observable, evaluation.training_data)
    return {
        "r": np.arange(1, len(average) + 1),
        "exact": observable.exact.numpy(),
        "generated": average.numpy(),
        "interval": torch.stack([average - half, average + half]).numpy(),
        "data": data.numpy(),
        "label": label,
    }


def _score_error(target: Target, evaluation: Evaluation) -> dict[str, Any]:
    curve = evaluation.curve
    if curve is None:
        raise TypeError("got an evaluation without a denoiser")
    return {
        "log_snr": curve.log_snr.numpy(),
        "error": curve.error.numpy(),
        "standard_error": curve.standard_error.numpy(),
        "baselines": {
            name: baseline.error.numpy() for name, baseline in evaluation.baseline_curves.items()
        },
        "state_space": target.state_space,
    }
