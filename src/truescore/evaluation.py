"""Judging a sampler of a law: its samples, its score, and the baselines beside it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from rich.console import Group
from rich.text import Text
from torch import Tensor

from truescore import nets
from truescore.denoisers import Denoiser, DiscreteDenoiser, RealDenoiser, SpinDenoiser, oracle
from truescore.denoisers.oracle import RealOracle
from truescore.errors import UserError
from truescore.likelihood import CertifiedBound, NegativeELBO, certified_bound, negative_elbo
from truescore.losses import Loss, PseudoLikelihood, excess_loss
from truescore.metrics import (
    CouplingErrors,
    EigenmodeErrors,
    Judgement,
    PerfectSamples,
    ScoreErrorCurve,
    eigenmode_errors,
    evaluate_samples,
    metric_labels,
    metrics_table,
    pairwise,
    read_couplings,
    score_error_curves,
)
from truescore.metrics.plane import Plane, look_at_plane
from truescore.plots import TRAINING_DATA
from truescore.processes import Process
from truescore.randomness import keyed_generator
from truescore.samplers import Sampler
from truescore.simulate.spins import pair_couplings
from truescore.targets import IndependentSpins, IndependentStates, SampledLaw, Target
from truescore.targets.fitted import (
    fit_coupling,
    fit_gaussian,
    fit_independent_spins,
    fit_independent_states,
    fit_potts_coupling,
    fit_two_wells,
)

SCORE_ERROR, EXCESS_LOSS = "score_error", "excess_loss"
ODD_MODEL = "the network is odd, so the model's mean is exact by construction"
# Held-out points and their noise are the same for every model of a law: they are paired.
HELD_OUT_SEED = 0


def baselines(target: Target, data: Tensor) -> dict[str, Target]:
    """Laws fitted to data ``(n, d)`` with no network, and uniform ones, by name.

    None where nothing is exact.
    """
    if isinstance(target, SampledLaw):
        return {}
    if target.n_states is not None:
        return {
            "independent states": fit_independent_states(data, target.n_states),
            "fitted coupling": fit_potts_coupling(data, target.n_states),
            "uniform states": IndependentStates(
                torch.full((target.dim, target.n_states), 1 / target.n_states)
            ),
        }
    if target.state_space == "spin":
        return {
            "independent spins": fit_independent_spins(data),
            "fitted coupling": fit_coupling(data),
            "uniform spins": IndependentSpins(torch.zeros(target.dim)),
        }
    return {"Gaussian fit": fit_gaussian(data), "two Gaussians": fit_two_wells(data)}


@dataclass(frozen=True)
class Evaluation:
    """What is known of a sampler of a law.

    Attributes:
        perfect: the null laws that the samples were held against.
        samples: the generated samples, ``(n, d)``.
        training_data: what the model and the baselines learned from, ``(n_train, d)``.
        judgements: by metric, ``score_error`` among them if a denoiser was given, and
            ``excess_loss`` if its loss was too.
        baselines: the same for laws fitted without a network, and for the training data.
        eigenmodes: errors of the variance, mode by mode, if the exact ones are known.
        curve: score error over the noise level, if a denoiser was given.
        baseline_curves: the same for the baselines.
        plane: its score as a field, for a law of reals in the plane.
        bound: on KL(data || generated), of spins whose sampler is known.
        couplings: as the denoiser of spins has learned them.
        elbo: the evidence bound of spins or states, of a denoiser of all noise levels.
    """

    perfect: PerfectSamples
    samples: Tensor
    training_data: Tensor
    judgements: dict[str, Judgement]
    baselines: dict[str, dict[str, Judgement]]
    eigenmodes: EigenmodeErrors | None
    curve: ScoreErrorCurve | None
    baseline_curves: dict[str, ScoreErrorCurve]
    plane: Plane | None
    bound: CertifiedBound | None = None
    couplings: CouplingErrors | None = None
    elbo: NegativeELBO | None = None

    def table(self, title: str, odd: bool) -> Group:
        """The table for the terminal; ``odd`` says that the network has that symmetry."""
        footnotes = {name: ODD_MODEL for name in ("mean_l1", "mean_l2") if odd}
        labels = metric_labels(self.perfect) | {EXCESS_LOSS: "excess loss"}
        n_null = self.perfect.n_null
        table = metrics_table(self.judgements, labels, self.baselines, footnotes, title, n_null)
        lines = [] if self.bound is None else self.bound.lines()
        lines += [] if self.elbo is None else [self.elbo.line()]
        lines += [] if self.couplings is None else [self.couplings.line()]
        return Group(table, Text(""), *(Text(line) for line in lines)) if lines else table


def evaluate(
    target: Target,
    samples: Tensor,
    training_data: Tensor,
    settings: Mapping[str, Any],
    process: Process | None = None,
    denoiser: Denoiser | None = None,
    loss: Loss | None = None,
    sampler: Sampler | None = None,
) -> Evaluation:
    """Judge samples of a law, and a denoiser's score if there is one.

    A law of which samples alone are known has no exact score and no fits: distances judge its
    samples, and the training data beside them. One without a posterior has no score error.

    Args:
        target: the law.
        samples: generated samples, ``(n, d)``.
        training_data: samples that the baselines are fitted to, ``(n_train, d)``.
        settings: the ``metrics`` section of a configuration.
        process: forward process of the score error.
        denoiser: the model behind the samples, if at hand.
        loss: what the model was trained by, if at hand.
        sampler: what drew the samples, if at hand.
    """
    perfect = PerfectSamples(
        # A run from before there were distances has no such key.
        target,
        settings["n_null"],
        distances=settings.get("distances", ()),
    )
    judgements = evaluate_samples(perfect, samples)
    laws = baselines(target, training_data)
    beside = {TRAINING_DATA: evaluate_samples(perfect, training_data)}
    for index, (name, law) in enumerate(laws.items()):
        drawn = law.sample(len(samples), keyed_generator(HELD_OUT_SEED, "baseline", index))
        beside[name] = evaluate_samples(perfect, drawn)
    curve, baseline_curves, plane = None, {}, None
    if denoiser is not None and process is not None and target.has_posterior:
        fitted = (oracle(law, process) for law in laws.values())
        curve, *of_laws = _score_errors(target, process, [denoiser, *fitted], settings)
        judgements[SCORE_ERROR] = curve.mean(n_bootstrap=settings["n_bootstrap"])
        plane = _plane(target, process, denoiser, training_data, settings)
        if loss is not None:
            judgements[EXCESS_LOSS] = _excess_loss(target, process, denoiser, loss, settings)
        baseline_curves = dict(zip(laws, of_laws, strict=True))
        for name, its_curve in baseline_curves.items():
            beside[name][SCORE_ERROR] = its_curve.mean(n_bootstrap=settings["n_bootstrap"])
    return Evaluation(
        perfect,
        samples,
        training_data,
        judgements,
        beside,
        _eigenmodes(target, samples),
        curve,
        baseline_curves,
        plane,
        _bound(target, denoiser, sampler, perfect, settings),
        _couplings(target, process, denoiser, settings),
        _elbo(target, denoiser, loss, settings),
    )


def _eigenmodes(target: Target, samples: Tensor) -> EigenmodeErrors | None:
    """``None`` where no covariance is known, and of states, whose codes are names."""
    if isinstance(target, SampledLaw) or target.n_states is not None:
        return None
    return eigenmode_errors(target, samples)


def _score_errors(
    target: Target, process: Process, denoisers: Sequence[Denoiser], settings: Mapping[str, Any]
) -> list[ScoreErrorCurve]:
    held_out = _held_out(target, settings)
    exact = oracle(target, process)
    with torch.inference_mode():
        return score_error_curves(denoisers, exact, process, held_out, settings["n_levels"])


def _plane(
    target: Target,
    process: Process,
    denoiser: Denoiser,
    training_data: Tensor,
    settings: Mapping[str, Any],
) -> Plane | None:
    exact = oracle(target, process)
    if target.dim != 2 or not isinstance(exact, RealOracle):
        return None
    held_out = _held_out(target, settings)
    learned = cast(RealDenoiser, denoiser)
    return look_at_plane(exact, learned, training_data, held_out, settings["n_levels"])


def _excess_loss(
    target: Target, process: Process, denoiser: Denoiser, loss: Loss, settings: Mapping[str, Any]
) -> Judgement:
    """The training loss above the oracle's, with its 95% interval; perfect scores have 0."""
    held_out = _held_out(target, settings)
    generator = keyed_generator(HELD_OUT_SEED, "excess loss")
    t = loss.sample_times(denoiser, len(held_out), generator)
    excess = excess_loss(loss, denoiser, oracle(target, process), held_out, t, generator)
    value, half = excess.mean, 1.96 * excess.standard_error
    return Judgement(
        value, floor=math.nan, debiased=value, ci_low=value - half, ci_high=value + half
    )


def _bound(
    target: Target,
    denoiser: Denoiser | None,
    sampler: Sampler | None,
    perfect: PerfectSamples,
    settings: Mapping[str, Any],
) -> CertifiedBound | None:
    n = settings.get("n_bound", 0)  # a run from before there were bounds has no such key
    if n == 0 or sampler is None or not target.has_posterior:
        return None
    if not isinstance(denoiser, DiscreteDenoiser):
        return None
    return certified_bound(sampler, denoiser, target, perfect.observables, n, HELD_OUT_SEED)


def _elbo(
    target: Target, denoiser: Denoiser | None, loss: Loss | None, settings: Mapping[str, Any]
) -> NegativeELBO | None:
    n = settings.get("n_bound", 0)
    if n == 0 or loss is None or isinstance(loss, PseudoLikelihood) or not target.has_posterior:
        return None
    # A law of one's own may do without an entropy.
    known = type(target).entropy is not Target.entropy
    if not isinstance(denoiser, DiscreteDenoiser) or not known:
        return None
    return negative_elbo(denoiser, target, n, keyed_generator(HELD_OUT_SEED, "elbo"))


def _couplings(
    target: Target, process: Process | None, denoiser: Denoiser | None, settings: Mapping[str, Any]
) -> CouplingErrors | None:
    if not isinstance(denoiser, SpinDenoiser) or process is None or isinstance(target, SampledLaw):
        return None
    temperature = getattr(target, "temperature", 1.0)
    net = getattr(denoiser, "net", None)
    if isinstance(net, nets.Couplings):
        exact = torch.from_numpy(pair_couplings(target).matrix()) / temperature
        learned = pairwise(net.matrix().detach(), temperature)
        return CouplingErrors(learned, pairwise(exact, temperature), temperature)
    if not target.has_posterior:
        return None
    x, score = _held_out(target, settings), cast(SpinDenoiser, oracle(target, process))
    try:
        learned, exact = (read_couplings(each, x, temperature) for each in (denoiser, score))
    except UserError:  # so few or so cold points leave them open
        return None
    return CouplingErrors(learned, exact, temperature)


def _held_out(target: Target, settings: Mapping[str, Any]) -> Tensor:
    return target.sample(settings["n_score"], keyed_generator(HELD_OUT_SEED, "held out"))
