"""Denoising score matching: its excess is the denoiser's own error, in the weighting it names."""

import pytest
import torch
from torch import nn

from truescore.denoisers import LearnedRealDenoiser, oracle
from truescore.losses import DenoisingScoreMatching
from truescore.processes import VariancePreserving
from truescore.targets import GaussianMixture

DIM, DRAWS = 3, 20_000
PROCESS = VariancePreserving()
TIMES = [0.01, 0.2, 0.8]
both = pytest.mark.parametrize("weighting", ["mode", "score"])


class Constant(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, fields, noise_level):
        return self.value + torch.zeros_like(fields[..., 0])


def covariance():
    factor = torch.tensor([[1.5, 0.0, 0.0], [0.8, 0.5, 0.0], [-0.4, 0.2, 0.3]], dtype=torch.float64)
    return factor @ factor.mT


def wells():
    means = torch.tensor([[1.0, 1.5, -0.5], [-1.0, -1.5, 0.5]], dtype=torch.float64)
    return GaussianMixture(torch.ones(2), means, 0.2 * covariance().expand(2, DIM, DIM))


def learned(law, value=0.0):
    """A Wiener skip, which is exact for a Gaussian law of zero mean alone."""
    second = law.covariance()
    net = Constant(value)
    return LearnedRealDenoiser(net, PROCESS, second, torch.zeros(1, DIM), second).double()


def weight(law, t, weighting):
    """W'W by its definition: inverse posterior covariance of the law's Gaussian, or 1/s^2."""
    eye = torch.eye(DIM, dtype=torch.float64)
    s_squared = (PROCESS.sigma(t) / PROCESS.alpha(t)) ** 2
    by_mode = law.covariance().inverse() + eye / s_squared
    return by_mode if weighting == "mode" else eye / s_squared


def draws(law, t):
    """Data, times, and the noisy points that a generator of the same seed gives to the loss."""
    x_0 = law.sample(DRAWS, torch.Generator().manual_seed(1)).double()
    time = torch.full((DRAWS,), t, dtype=torch.float64)
    x_t = PROCESS.perturb(x_0, time, torch.Generator().manual_seed(2))
    return x_0, time, x_t


def squares(w, residual):
    return torch.einsum("ni,ij,nj->n", residual, w, residual) / DIM


@both
@pytest.mark.parametrize("t", TIMES)
def test_loss_is_the_weighted_square(weighting, t):
    law = wells()
    x_0, time, x_t = draws(law, t)
    denoiser = learned(law, value=0.7)
    loss = DenoisingScoreMatching(weighting)(denoiser, x_0, time, torch.Generator().manual_seed(2))
    assert loss.shape == (DRAWS,)
    residual = denoiser.posterior_mean(x_t, time) - x_0
    expected = squares(weight(law, time[0], weighting), residual)
    torch.testing.assert_close(loss, expected, atol=1e-4, rtol=1e-4)


@both
@pytest.mark.parametrize("t", TIMES)
def test_excess_over_the_oracle_is_the_distance_to_it(weighting, t, assert_mean):
    """E|W(D - x_0)|^2 - E|W(D* - x_0)|^2 = E|W(D - D*)|^2, on the same draws."""
    law = wells()
    x_0, time, x_t = draws(law, t)
    denoiser, exact = learned(law, value=0.7), oracle(law, PROCESS).posterior_mean(x_t, time)
    loss = DenoisingScoreMatching(weighting)(denoiser, x_0, time, torch.Generator().manual_seed(2))
    w = weight(law, time[0], weighting)
    distance = squares(w, denoiser.posterior_mean(x_t, time) - exact)
    assert float(distance.mean()) > 1e-3
    assert_mean(loss - squares(w, exact - x_0) - distance, 0.0, slack=1e-5)


@pytest.mark.parametrize("t", TIMES)
def test_exact_denoiser_of_a_gaussian_costs_one_in_every_mode(t, assert_mean):
    """In the mode weighting at every noise level; in the plain one it costs tr(S/(S + s^2))/d."""
    law = GaussianMixture(torch.ones(1), torch.zeros(1, DIM), covariance()[None])
    x_0, time, x_t = draws(law, t)
    denoiser = learned(law)
    s = (PROCESS.sigma(time) / PROCESS.alpha(time))[:, None]
    whitened = denoiser.whiten(denoiser.posterior_mean(x_t, time) - x_0, s)
    assert_mean(whitened[:, :, None] * whitened[:, None, :], torch.eye(DIM), slack=1e-5)
    plain = DenoisingScoreMatching("score")(denoiser, x_0, time, torch.Generator().manual_seed(2))
    eye = torch.eye(DIM, dtype=torch.float64)
    shrink = torch.linalg.solve(covariance() + s[0] ** 2 * eye, covariance())
    assert_mean(plain, shrink.trace() / DIM, slack=1e-5)


def test_score_weighting_is_the_score_error():
    """|sigma (score - conditional score)|^2 / d, the usual loss of score matching."""
    law = wells()
    x_0, time, x_t = draws(law, 0.3)
    denoiser = learned(law, value=0.7)
    loss = DenoisingScoreMatching("score")(denoiser, x_0, time, torch.Generator().manual_seed(2))
    alpha, sigma = PROCESS.alpha(time)[:, None], PROCESS.sigma(time)[:, None]
    conditional = (alpha * x_0 - x_t) / sigma**2
    error = sigma * (denoiser.score(x_t, time) - conditional)
    torch.testing.assert_close(loss, (error**2).mean(1))
