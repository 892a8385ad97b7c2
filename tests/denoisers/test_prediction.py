"""Plain predictions: by their definitions, there and back, in units of order one."""

from typing import get_args

import pytest
import torch
from torch import nn

from truescore.denoisers import PredictionDenoiser
from truescore.denoisers.prediction import Prediction, linear_form
from truescore.errors import UserError
from truescore.processes import (
    EDM,
    RectifiedFlow,
    Trigonometric,
    VarianceExploding,
    VariancePreserving,
)
from truescore.targets import GaussianMixture

DIM, DRAWS = 4, 20_000
PROCESS = VariancePreserving()
KINDS = get_args(Prediction)
each = pytest.mark.parametrize("kind", KINDS)


class Answer(nn.Module):
    """Gives a fixed answer and keeps what it was asked."""

    def __init__(self, answer=0.0):
        super().__init__()
        self.answer = answer

    def forward(self, x, noise_level):
        self.asked = x, noise_level
        return self.answer + torch.zeros_like(x)


def second_moment():
    generator = torch.Generator().manual_seed(1)
    factor = torch.randn(DIM, DIM, dtype=torch.float64, generator=generator)
    return 9 * (factor @ factor.mT / DIM + 0.05 * torch.eye(DIM))


# Of a site, on average: l.
VARIANCE = second_moment().diagonal().mean()


def learned(kind, answer=0.0):
    denoiser = PredictionDenoiser(Answer(answer), PROCESS, kind, second_moment()).double()
    # Buffers are kept in float32; here nothing shall be rounded.
    denoiser.spectrum, denoiser.basis = torch.linalg.eigh(second_moment())
    return denoiser


def slope(f, t, step=1e-6):
    return (f(t + step) - f(t - step)) / (2 * step)


def predicted(kind, mean, x_t, t, process=PROCESS):
    """What a network of this kind must say for the posterior mean to be ``mean``, as defined."""
    t = t[:, None]
    alpha, sigma = process.alpha(t), process.sigma(t)
    noise = (x_t - alpha * mean) / sigma
    return {
        "score": -noise / sigma,
        "noise": noise,
        "x_0": mean,
        "v": alpha * noise - sigma * mean,
        "edm": alpha * VARIANCE * noise - sigma * mean,
        "velocity": slope(process.alpha, t) * mean + slope(process.sigma, t) * noise,
    }[kind]


def points(seed=2):
    generator = torch.Generator().manual_seed(seed)
    mean, x_t = torch.randn(2, 9, DIM, dtype=torch.float64, generator=generator)
    return mean, x_t, torch.logspace(-2.9, 0, 9, dtype=torch.float64)


def unit(kind, t):
    """What an answer of one stands for, in the units of the data, ``(n, 1)``."""
    nothing = torch.zeros(len(t), DIM, dtype=torch.float64)
    one, zero = (learned(kind, a).posterior_mean(nothing, t) for a in (1.0, 0.0))
    return (predicted(kind, one, nothing, t) - predicted(kind, zero, nothing, t))[:, :1]


@each
def test_prediction_gives_the_mean_it_was_made_from(kind):
    mean, x_t, t = points()
    answer = predicted(kind, mean, x_t, t) / unit(kind, t)
    # The derivatives of alpha and sigma in the velocity are finite differences.
    close = {"atol": 1e-6, "rtol": 1e-6} if kind == "velocity" else {"atol": 1e-10, "rtol": 1e-10}
    torch.testing.assert_close(learned(kind, answer).posterior_mean(x_t, t), mean, **close)


@each
@pytest.mark.parametrize("kind_of_noise", [RectifiedFlow, VarianceExploding, EDM, Trigonometric])
def test_formulas_hold_for_other_processes(kind, kind_of_noise):
    process = kind_of_noise()
    mean, x_t, _ = points()
    span = process.horizon - process.t_min
    t = process.t_min + span * torch.linspace(0.05, 0.95, 9, dtype=torch.float64)
    of_noisy, of_data = linear_form(process, kind, t, VARIANCE)
    expected = predicted(kind, mean, x_t, t, process)
    formula = of_noisy[:, None] * x_t + of_data[:, None] * mean
    torch.testing.assert_close(formula, expected, atol=1e-6, rtol=1e-6)


@each
def test_score_noise_and_flow_of_a_denoiser_are_its_answers(kind):
    """Through the converters of the base class, back to the units of each prediction."""
    _, x_t, t = points()
    denoiser = learned(kind, 0.7)
    rate, diffusion = PROCESS.drift_rate(t)[:, None], PROCESS.diffusion(t)[:, None]
    score, noise = denoiser.score(x_t, t), denoiser.noise(x_t, t)
    alpha, sigma = PROCESS.alpha(t)[:, None], PROCESS.sigma(t)[:, None]
    mean = denoiser.posterior_mean(x_t, t)
    back = {
        "score": score,
        "noise": noise,
        "x_0": mean,
        "v": alpha * noise - sigma * mean,
        "edm": alpha * VARIANCE * noise - sigma * mean,
        "velocity": rate * x_t - diffusion**2 * score / 2,
    }[kind]
    expected = (0.7 * unit(kind, t)).expand_as(back)
    torch.testing.assert_close(back, expected, atol=1e-9, rtol=1e-6)


@pytest.mark.parametrize("there", KINDS)
@pytest.mark.parametrize("here", KINDS)
def test_predictions_go_round(here, there):
    """One denoiser's answers, told to another in its own terms, give the same posterior mean."""
    answer, x_t, t = points()
    first = learned(here, answer).posterior_mean(x_t, t)
    told = predicted(there, first, x_t, t) / unit(there, t)
    second = learned(there, told).posterior_mean(x_t, t)
    velocity = "velocity" in (here, there)
    # A finite difference of the velocity is magnified where the mean is hidden by noise.
    close = 1e-5 if velocity else 1e-11
    size = float(first.abs().max())
    torch.testing.assert_close(second, first, atol=close * size, rtol=0)


@each
@pytest.mark.parametrize("t", [0.001, 0.03, 0.4, 1.0])
def test_network_sees_and_gives_numbers_of_order_one(kind, t, assert_mean):
    """Mean square one of what it sees and of what it is to say, given x_0 and the noise.

    The score alone is in units of the smooth law's: what it is to say is at least of order one.
    """
    law = GaussianMixture(torch.ones(1), torch.zeros(1, DIM), second_moment()[None])
    generator = torch.Generator().manual_seed(3)
    x_0 = law.sample(DRAWS, generator).double()
    time = torch.full((DRAWS,), t, dtype=torch.float64)
    x_t = PROCESS.perturb(x_0, time, generator)
    denoiser = learned(kind)
    denoiser.posterior_mean(x_t, time)
    seen, level = denoiser.net.asked
    assert_mean((seen**2).mean(1), 1.0)
    torch.testing.assert_close(level.exp(), PROCESS.sigma(time) / PROCESS.alpha(time))
    said = predicted(kind, x_0, x_t, time) / unit(kind, time)
    expected = 1.0
    if kind == "score":
        variance = second_moment().diagonal().mean()
        expected = 1 + PROCESS.alpha(time[0]) ** 2 * variance / PROCESS.sigma(time[0]) ** 2
    assert_mean((said**2).mean(1) / expected, 1.0, slack=1e-6)


def test_a_gaussian_leaves_nothing_to_predict():
    """With all modes alike the answer 0 is the posterior mean, whatever the noise."""
    mean, x_t, t = points()
    denoiser = PredictionDenoiser(Answer(), PROCESS, "edm", 4 * torch.eye(DIM)).double()
    alpha, sigma = PROCESS.alpha(t)[:, None], PROCESS.sigma(t)[:, None]
    wiener = 4 * alpha / (4 * alpha**2 + sigma**2) * x_t
    torch.testing.assert_close(denoiser.posterior_mean(x_t, t), wiener)


@each
def test_measured_scales_are_saved_with_the_weights(kind):
    first = PredictionDenoiser(Answer(0.3), PROCESS, kind, second_moment())
    second = PredictionDenoiser(Answer(0.3), PROCESS, kind, torch.eye(DIM))
    _, x_t, t = (v.float() for v in points())
    # An answer in units that do not depend on the data stands for the same mean.
    apart = not torch.equal(first.posterior_mean(x_t, t), second.posterior_mean(x_t, t))
    assert apart == (kind != "noise")
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.posterior_mean(x_t, t), second.posterior_mean(x_t, t))
    measured = first.basis * first.spectrum @ first.basis.mT
    torch.testing.assert_close(measured.double(), second_moment(), atol=1e-5, rtol=0)


def test_unknown_predictions_are_refused():
    with pytest.raises(UserError, match="got prediction=energy, expected one of score, noise"):
        PredictionDenoiser(Answer(), PROCESS, "energy", second_moment())
