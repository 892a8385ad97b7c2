"""Closed formulas between a denoiser's answers, by round trips and by Bayes' rule."""

import pytest
import torch

from truescore.denoisers.base import RealDenoiser, SpinDenoiser, attenuate
from truescore.processes import SpinFlip, VariancePreserving


class KnownMean(RealDenoiser):
    def __init__(self, mean):
        super().__init__()
        self.process = VariancePreserving()
        self.mean = mean

    def posterior_mean(self, x_t, t):
        return self.mean


class KnownOdds(SpinDenoiser):
    def __init__(self, odds):
        super().__init__()
        self.process = SpinFlip(odds.shape[1])
        self.odds = odds

    def log_odds(self, x_t, t):
        return self.odds


def randn(*shape, seed=1):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_mean_score_and_noise_go_round():
    mean, x_t = randn(8, 5), randn(8, 5, seed=2)
    t = torch.logspace(-2, 0, 8, dtype=torch.float64)
    denoiser = KnownMean(mean)
    alpha, sigma = denoiser.process.alpha(t)[:, None], denoiser.process.sigma(t)[:, None]
    score, noise = denoiser.score(x_t, t), denoiser.noise(x_t, t)
    close = {"atol": 1e-12, "rtol": 1e-12}
    torch.testing.assert_close((x_t + sigma**2 * score) / alpha, mean, **close)
    torch.testing.assert_close(alpha * mean + sigma * noise, x_t, **close)
    torch.testing.assert_close(noise, -sigma * score, **close)


def test_spin_answers_go_round():
    odds = 4 * randn(8, 5)
    x_t = randn(8, 5, seed=2).sign()
    t = torch.logspace(-3, 0, 8, dtype=torch.float64)
    denoiser = KnownOdds(odds)
    alpha = denoiser.process.alpha(t)[:, None]
    close = {"atol": 1e-10, "rtol": 1e-10}
    noisy = denoiser.site_log_odds(x_t, t).sigmoid()
    clean = (noisy - (1 - alpha) / 2) / alpha
    torch.testing.assert_close(clean.logit(), odds, **close)
    ratio = denoiser.concrete_score(x_t, t).exp()
    up_here = x_t > 0
    torch.testing.assert_close(torch.where(up_here, 1 / ratio, ratio), noisy / (1 - noisy), **close)
    # Bayes: the site's own noisy spin agrees with its clean one with probability (1 + alpha)/2.
    up, down = odds.sigmoid() * (1 + x_t * alpha), (-odds).sigmoid() * (1 - x_t * alpha)
    torch.testing.assert_close(denoiser.posterior_mean(x_t, t), (up - down) / (up + down), **close)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_attenuated_odds_keep_their_digits(dtype):
    """Beside sums of positive terms in float64, for odds at which 1 - p is zero in float32."""
    log_odds = torch.tensor([0.0, 1e-3, 0.5, 3.0, 12.0, 20.0, 40.0, 90.0, 300.0], dtype=dtype)
    log_odds = torch.cat([-log_odds, log_odds])
    flip = torch.tensor([1e-12, 1e-9, 1e-6, 1e-3, 0.1, 0.4, 0.5], dtype=dtype)[:, None]
    p, p_not, q = log_odds.double().sigmoid(), (-log_odds.double()).sigmoid(), flip.double()
    expected = ((1 - q) * p + q * p_not).log() - ((1 - q) * p_not + q * p).log()
    got = attenuate(log_odds, flip)
    assert got.dtype == dtype
    epsilon = torch.finfo(dtype).eps
    torch.testing.assert_close(got.double(), expected, atol=8 * epsilon, rtol=8 * epsilon)
    assert torch.equal(attenuate(-log_odds, flip), -got)


def test_attenuation_composes():
    """Flipping with q1, then with q2, is flipping with q1 (1 - q2) + q2 (1 - q1)."""
    log_odds = torch.linspace(-15, 15, 31, dtype=torch.float64)
    q1, q2 = (torch.tensor(q, dtype=torch.float64) for q in (0.03, 0.2))
    twice = attenuate(attenuate(log_odds, q1), q2)
    once = attenuate(log_odds, q1 * (1 - q2) + q2 * (1 - q1))
    torch.testing.assert_close(twice, once, atol=1e-13, rtol=1e-13)
