"""Losses of spins, states and masks: their minimiser, excess, mean and scale, by enumeration."""

import numpy as np
import pytest
import torch

from truescore.denoisers import DiscreteDenoiser, LearnedSpinDenoiser
from truescore.errors import UserError
from truescore.losses import (
    ELBO,
    CleanCrossEntropy,
    ConcreteScoreMatching,
    MixtureLoss,
    RatioMatching,
    ScoreEntropy,
    excess_loss,
)
from truescore.losses.elbo import log_snr_range
from truescore.metrics.score_error import categorical_kl, score_error_curve
from truescore.nets import MaskedMLP
from truescore.processes import Absorbing, SpinFlip

from .discrete_cases import CASES, TIMES, Enumeration

LOSSES = {
    "ratio_matching": RatioMatching(),
    "clean_cross_entropy": CleanCrossEntropy(),
    "score_entropy": ScoreEntropy(),
    "concrete_score": ConcreteScoreMatching(),
    "elbo": ELBO(),
}
MIXTURE = MixtureLoss({"ratio_matching": 2.0, "elbo": 0.5, "clean_cross_entropy": 0.0})
ALL = LOSSES | {"mixture": MIXTURE}
each_case = pytest.mark.parametrize("case", CASES)
each_time = pytest.mark.parametrize("t", TIMES)


@each_case
@each_time
@pytest.mark.parametrize("name", ALL)
def test_the_gradient_vanishes_at_the_oracle(case, t, name):
    """Along every change of a site's logits that does not see the site itself, exactly."""
    every = Enumeration(case, t)
    exact = every.clean(every.exact)
    shift = torch.zeros_like(exact, requires_grad=True)
    loss = every.mean(ALL[name], (exact + shift).log_softmax(-1))
    (gradient,) = torch.autograd.grad(loss, shift)
    m, dim = len(every.process.symbols), every.dim
    table = gradient.unflatten(0, [m] * dim)
    unseen = [table.select(dim, i).sum(i) for i in range(dim)]
    scale = float(gradient.abs().sum())
    assert scale > 1e-6
    assert max(float(part.abs().max()) for part in unseen) < 1e-12 * max(scale, 1)


def claimed(name, every):
    """What a loss's docstring says remains above its minimum, for the wrong denoiser."""
    t = every.t[: len(every.noisy)]
    clean, wrong = every.clean(every.exact), every.clean(every.wrong)
    log_p, log_q = (every.process.log_forward(c, t) for c in (clean, wrong))
    if name == "clean_cross_entropy":
        return every.p_t @ categorical_kl(clean, wrong).mean(-1)
    if name == "ratio_matching":
        return every.p_t @ categorical_kl(log_p, log_q).mean(-1)
    own = every.process.index(every.noisy)[..., None]
    true, model = ((log - log.gather(-1, own)).exp() for log in (log_p, log_q))
    rates = every.process.generator().mT[own[..., 0]].scatter(-1, own, 0.0)
    entropy = torch.where(rates > 0, rates * (model - true - true * (model / true).log()), 0.0)
    squared = torch.where(rates > 0, rates * (model - true) ** 2, 0.0)
    # Noisy points that cannot be have no ratio.
    mean = [every.p_t @ part.sum(-1).mean(-1).nan_to_num() for part in (entropy, squared)]
    log_snr = (t[:1] + torch.tensor([-1e-6, 1e-6])).double()
    slope = -every.process.log_snr(log_snr).diff() / every.process.schedule.value(log_snr).diff()
    return {
        "score_entropy": mean[0],
        "concrete_score": mean[1] / every.process.reverse_rate_bound(t[0]),
        "elbo": mean[0] / float(slope) * log_snr_range(every.process),
    }[name]


@each_case
@each_time
@pytest.mark.parametrize("name", LOSSES)
def test_the_excess_is_what_the_loss_says(case, t, name):
    every = Enumeration(case, t)
    means = [every.mean(LOSSES[name], every.clean(d)) for d in (every.wrong, every.exact)]
    excess = float(means[0] - means[1])
    assert excess > 1e-5
    assert excess == pytest.approx(float(claimed(name, every)), rel=1e-6)


@each_case
@pytest.mark.parametrize("name", ALL)
def test_drawn_losses_have_the_exact_mean_and_the_oracle_the_smallest(case, name, assert_mean):
    every = Enumeration(case, 0.2)
    x_0 = every.law.sample(20_000, torch.Generator().manual_seed(1)).double()
    t = torch.full((20_000,), 0.2, dtype=torch.float64)
    drawn = ALL[name](every.wrong, x_0, t, torch.Generator().manual_seed(2))
    assert drawn.shape == (20_000,)
    assert_mean(drawn, every.mean(ALL[name], every.clean(every.wrong)))
    generator = torch.Generator().manual_seed(3)
    excess = excess_loss(ALL[name], every.wrong, every.exact, x_0, t, generator)
    assert excess.mean > 6 * excess.standard_error > 0


@each_case
def test_the_bounds_integral_is_the_information_that_noise_takes(case):
    """Mean over log-SNR of the exact score's loss, for all sites: I(x_0; x_tmin) - I(x_0; x_T)."""
    _, process = CASES[case]
    nodes, weights = np.polynomial.legendre.leggauss(48)
    ends = process.log_snr(torch.tensor([process.horizon, process.t_min], dtype=torch.float64))
    log_snr = ends.mean() + torch.from_numpy(nodes) * (ends[1] - ends[0]) / 2
    total = 0.0
    for t, weight in zip(process.time_from_log_snr(log_snr).tolist(), weights, strict=True):
        every = Enumeration(case, t)
        total += weight / 2 * float(every.mean(ELBO(), every.clean(every.exact))) * every.dim
    first, last = (Enumeration(case, t).information() for t in (process.t_min, process.horizon))
    assert first > last + 0.5
    assert total == pytest.approx(first - last, rel=1e-6)


@pytest.mark.parametrize("case", ["masked spins", "masked states"])
@each_time
def test_of_masks_the_bound_is_the_weighted_cross_entropy(case, t):
    """alpha (1 - alpha) times the log-SNR's range, as alpha'/(1 - alpha) dt = alpha d log-SNR."""
    every = Enumeration(case, t)
    clean = every.clean(every.wrong)
    alpha = float(every.process.alpha(every.t[0]))
    weight = alpha * (1 - alpha) * log_snr_range(every.process)
    entropy = every.mean(CleanCrossEntropy(), clean)
    assert float(every.mean(ELBO(), clean)) == pytest.approx(weight * float(entropy), rel=1e-9)


class OfMasked(DiscreteDenoiser):
    """Right where a site is masked; elsewhere it repeats what it sees."""

    state_space, masked_only = "spin", True

    def __init__(self, every):
        super().__init__()
        self.process, self.right = every.process, every.wrong

    def clean_log_probs(self, x_t, t):
        cheating = 20 * torch.stack([-x_t, x_t], -1)
        return torch.where(
            (x_t == 0)[..., None], self.right.clean_log_probs(x_t, t), cheating.log_softmax(-1)
        )


@pytest.mark.parametrize("name", ALL)
def test_masked_sites_stand_for_all_where_a_network_reads_all(name, assert_mean):
    every = Enumeration("masked spins", 0.2)
    x_0 = every.law.sample(20_000, torch.Generator().manual_seed(1)).double()
    t = torch.full((20_000,), 0.2, dtype=torch.float64)
    drawn = ALL[name](OfMasked(every), x_0, t, torch.Generator().manual_seed(2))
    assert_mean(drawn, every.mean(ALL[name], every.clean(every.wrong)))
    generator = torch.Generator().manual_seed(3)
    excess = excess_loss(ALL[name], OfMasked(every), every.exact, x_0, t, generator)
    means = [every.mean(ALL[name], every.clean(d)) for d in (every.wrong, every.exact)]
    assert abs(excess.mean - float(means[0] - means[1])) < 6 * excess.standard_error
    assert excess.mean > 6 * excess.standard_error
    assert not every.exact.masked_only


def test_the_score_error_of_masked_sites_is_that_of_all(assert_mean):
    every = Enumeration("masked spins", 0.2)
    x_0 = every.law.sample(5000, torch.Generator().manual_seed(1))
    curves = [
        score_error_curve(d, every.exact, every.process, x_0, 4)
        for d in (OfMasked(every), every.wrong)
    ]
    assert_mean(curves[0].numerator - curves[1].numerator, 0.0)


def test_a_network_of_masked_sites_needs_masks():
    LearnedSpinDenoiser(MaskedMLP(4), Absorbing(4))
    with pytest.raises(UserError, match="got MaskedMLP, .* with SpinFlip, .* use sde=absorbing"):
        LearnedSpinDenoiser(MaskedMLP(4), SpinFlip(4))
    denoiser = LearnedSpinDenoiser(MaskedMLP(4), Absorbing(4))
    with pytest.raises(UserError, match="got a denoiser of masked sites alone with stored"):
        RatioMatching().of_pair(denoiser, torch.zeros(2, 4), torch.full((2,), 0.5))


def test_a_mixture_is_the_sum_of_its_parts():
    every = Enumeration("jumps", 0.2)
    clean = every.clean(every.wrong)
    parts = 2 * every.mean(RatioMatching(), clean) + 0.5 * every.mean(ELBO(), clean)
    assert float(every.mean(MIXTURE, clean)) == pytest.approx(float(parts), rel=1e-12)


@each_case
@pytest.mark.parametrize("name", ALL)
def test_certain_answers_have_a_finite_loss_and_gradient_in_single_precision(case, name):
    _, process = CASES[case]
    x_0 = process.symbols[: process.n_states].repeat(2)[:3].expand(4, 3).contiguous()
    t = torch.linspace(process.t_min, process.horizon, 4)
    logits = torch.zeros(4, 3, process.n_states)
    logits[..., 0] = 60.0
    logits.requires_grad_()
    loss = ALL[name].of_sites(process, logits.log_softmax(-1), x_0, t)
    assert loss.isfinite().all()
    (gradient,) = torch.autograd.grad(loss.sum(), logits)
    assert gradient.isfinite().all()


@pytest.mark.parametrize(
    ("weights", "line"),
    [
        ({}, "got weights of nothing, expected some of ratio_matching, clean_cross_entropy"),
        ({"denoising": 1.0}, "got weights of denoising, expected some of ratio_matching"),
        ({"elbo": 0.0}, "expected none below 0 and one above"),
        ({"elbo": 1.0, "score_entropy": -1.0}, "expected none below 0 and one above"),
    ],
)
def test_impossible_weights_are_refused(weights, line):
    with pytest.raises(UserError, match=line):
        MixtureLoss(weights)
