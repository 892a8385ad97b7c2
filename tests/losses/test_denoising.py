"""Denoising score matching: its excess is the denoiser's own error, in the weighting it names."""

import pytest
import torch
from torch import nn

from truescore.denoisers import LearnedRealDenoiser, oracle
from truescore.losses import DenoisingScoreMatching
from truescore.losses.weighting import whiten
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
        return self.value + torch.zeros_like(fields)


class Bent(nn.Module):
    """Neither linear nor odd, with one parameter for each pair of fields."""

    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def forward(self, fields, noise_level):
        return (fields @ self.weight + 0.3).sin()


def covariance():
    factor = torch.tensor([[1.5, 0.0, 0.0], [0.8, 0.5, 0.0], [-0.4, 0.2, 0.3]], dtype=torch.float64)
    return factor @ factor.mT


def wells():
    means = torch.tensor([[1.0, 1.5, -0.5], [-1.0, -1.5, 0.5]], dtype=torch.float64)
    return GaussianMixture(torch.ones(2), means, 0.2 * covariance().expand(2, DIM, DIM))


def learned(law, value=0.0, net=None):
    """A Wiener skip, which is exact for a Gaussian law of zero mean alone."""
    second = law.covariance()
    net = Constant(value) if net is None else net
    return LearnedRealDenoiser(net, PROCESS, second, torch.zeros(1, DIM), second).double()


def power(matrix, exponent):
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.mT


def noise(t):
    return PROCESS.sigma(t) / PROCESS.alpha(t)


def weight(law, t, weighting):
    """W'W by its definition, with P and S the posterior and the prior covariance of a Gaussian.

    The inverse of the geometric mean of P and of the squared correction P^2/S; or 1/s^2.
    """
    eye, s_squared = torch.eye(DIM, dtype=torch.float64), noise(t) ** 2
    if weighting == "score":
        return eye / s_squared
    precision = law.covariance().inverse() + eye / s_squared
    return power(precision, 1.5) @ power(law.covariance(), 0.5)


def draws(law, t, seed=2):
    """Data, times, and both noisy points that a generator of the same seed gives to the loss."""
    x_0 = law.sample(DRAWS, torch.Generator().manual_seed(1)).double()
    time = torch.full((DRAWS,), t, dtype=torch.float64)
    x_t = PROCESS.perturb(x_0, time, torch.Generator().manual_seed(seed))
    alpha, sigma = PROCESS.alpha(time)[:, None], PROCESS.sigma(time)[:, None]
    z = (x_t - alpha * x_0) / sigma
    return x_0, time, (x_t, alpha * x_0 - sigma * z)


def over_both(f, points):
    """Mean of f over the two noisy points of each sample."""
    return sum(f(x_t) for x_t in points) / 2


def loss_of(weighting, denoiser, x_0, time):
    return DenoisingScoreMatching(weighting)(denoiser, x_0, time, torch.Generator().manual_seed(2))


def squares(w, residual):
    return torch.einsum("ni,ij,nj->n", residual, w, residual) / DIM


@both
@pytest.mark.parametrize("t", TIMES)
def test_loss_is_the_weighted_square_over_a_point_and_its_mirror(weighting, t):
    law = wells()
    x_0, time, points = draws(law, t)
    denoiser = learned(law, value=0.7)
    loss = loss_of(weighting, denoiser, x_0, time)
    assert loss.shape == (DRAWS,)
    w = weight(law, time[0], weighting)
    expected = over_both(lambda x_t: squares(w, denoiser.posterior_mean(x_t, time) - x_0), points)
    torch.testing.assert_close(loss, expected, atol=1e-4, rtol=1e-4)


@both
@pytest.mark.parametrize("t", TIMES)
def test_mirror_keeps_the_mean(weighting, t, assert_mean):
    """That of one point with noise of its own, drawn apart."""
    law = wells()
    x_0, time, (x_t, _) = draws(law, t, seed=3)
    denoiser = learned(law, value=0.7)
    plain = squares(weight(law, time[0], weighting), denoiser.posterior_mean(x_t, time) - x_0)
    assert_mean(loss_of(weighting, denoiser, x_0, time) - plain, 0.0, slack=1e-5)


@both
@pytest.mark.parametrize("t", TIMES)
def test_mirror_takes_the_noise_apart_from_the_data(weighting, t):
    """For D linear in y, |W((D - 1) x_0 + D s z)|^2 loses its cross term in each sample."""
    law = wells()
    x_0, time, (x_t, _) = draws(law, t)
    denoiser = learned(law)
    w, alpha = weight(law, time[0], weighting), PROCESS.alpha(time)[:, None]
    from_data = squares(w, denoiser.posterior_mean(alpha * x_0, time) - x_0)
    from_noise = squares(w, denoiser.posterior_mean(x_t - alpha * x_0, time))
    torch.testing.assert_close(
        loss_of(weighting, denoiser, x_0, time), from_data + from_noise, atol=1e-5, rtol=1e-5
    )


@both
@pytest.mark.parametrize("t", [0.001, 0.005])
def test_mirror_calms_the_gradient_at_low_noise(weighting, t, assert_mean):
    """Same mean as with two draws of noise for each sample, a fifth of the variance at most."""
    law = wells()
    x_0, time, (first, _) = draws(law, t, seed=3)
    _, _, (second, _) = draws(law, t, seed=4)
    w = weight(law, time[0], weighting)

    def mirrored(net):
        return loss_of(weighting, learned(law, net=net), x_0, time)

    def independent(net):
        denoiser = learned(law, net=net)
        return over_both(
            lambda x_t: squares(w, denoiser.posterior_mean(x_t, time) - x_0), (first, second)
        )

    weights = torch.tensor([[0.5, -1.0], [0.8, 1.2]], dtype=torch.float64)
    for direction in torch.eye(4, dtype=torch.float64).reshape(4, 2, 2):
        # The derivative of each sample's loss by one parameter.
        calm, wild = (
            torch.autograd.functional.jvp(lambda v, f=f: f(Bent(v)), weights, direction)[1]
            for f in (mirrored, independent)
        )
        assert_mean(calm - wild, 0.0, slack=1e-5)
        assert float(wild.var()) > 5 * float(calm.var()) > 0


@both
@pytest.mark.parametrize("t", TIMES)
def test_excess_over_the_oracle_is_the_distance_to_it(weighting, t, assert_mean):
    """E|W(D - x_0)|^2 - E|W(D* - x_0)|^2 = E|W(D - D*)|^2, on the same draws."""
    law = wells()
    x_0, time, points = draws(law, t)
    denoiser, exact = learned(law, value=0.7), oracle(law, PROCESS)
    w = weight(law, time[0], weighting)

    def distance(x_t):
        return squares(w, denoiser.posterior_mean(x_t, time) - exact.posterior_mean(x_t, time))

    least = over_both(lambda x_t: squares(w, exact.posterior_mean(x_t, time) - x_0), points)
    excess = over_both(distance, points)
    assert float(excess.mean()) > 1e-3
    assert_mean(loss_of(weighting, denoiser, x_0, time) - least - excess, 0.0, slack=1e-5)


@pytest.mark.parametrize("t", TIMES)
def test_exact_denoiser_of_a_gaussian_costs_what_each_mode_must(t, assert_mean):
    """sqrt(1 + l/s^2) in the mode weighting, with no correlations; l/(l + s^2) in the plain one."""
    law = GaussianMixture(torch.ones(1), torch.zeros(1, DIM), covariance()[None])
    x_0, time, (x_t, _) = draws(law, t)
    denoiser = learned(law)
    s, spectrum = noise(time)[:, None], torch.linalg.eigvalsh(covariance())
    residual = denoiser.posterior_mean(x_t, time) - x_0
    whitened = whiten(residual, s, denoiser.spectrum, denoiser.basis)
    cost = (1 + spectrum / s[0] ** 2).sqrt()
    assert_mean(whitened[:, :, None] * whitened[:, None, :], cost.diag(), slack=1e-5)
    assert_mean(loss_of("mode", denoiser, x_0, time), cost.mean(), slack=1e-5)
    plain = (spectrum / (spectrum + s[0] ** 2)).mean()
    assert_mean(loss_of("score", denoiser, x_0, time), plain, slack=1e-5)


def test_score_weighting_is_the_score_error():
    """|sigma (score - conditional score)|^2 / d, the usual loss of score matching."""
    law = wells()
    x_0, time, points = draws(law, 0.3)
    denoiser = learned(law, value=0.7)
    alpha, sigma = PROCESS.alpha(time)[:, None], PROCESS.sigma(time)[:, None]

    def score_error(x_t):
        conditional = (alpha * x_0 - x_t) / sigma**2
        return ((sigma * (denoiser.score(x_t, time) - conditional)) ** 2).mean(1)

    loss = loss_of("score", denoiser, x_0, time)
    torch.testing.assert_close(loss, over_both(score_error, points))
