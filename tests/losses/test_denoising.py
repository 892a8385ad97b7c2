"""Denoising score matching: its excess is the denoiser's own error, in the weighting it names."""

from typing import get_args

import pytest
import torch
from torch import nn

from truescore.denoisers import LearnedRealDenoiser, PredictionDenoiser, oracle
from truescore.errors import UserError
from truescore.losses import DenoisingScoreMatching
from truescore.losses.weighting import Weighting
from truescore.processes import VariancePreserving
from truescore.targets import GaussianMixture

DIM, DRAWS = 3, 20_000
PROCESS = VariancePreserving()
TIMES = [0.01, 0.2, 0.8]
every = pytest.mark.parametrize("weighting", get_args(Weighting))
both = pytest.mark.parametrize("weighting", ["mode", "score"])


class Constant(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, fields, noise_level):
        return self.value + torch.zeros_like(fields[..., :2])


class Bent(nn.Module):
    """Neither linear nor odd, with one parameter for each pair of the first two fields."""

    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def forward(self, fields, noise_level):
        return (fields[..., :2] @ self.weight + 0.3).sin()


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
    return LearnedRealDenoiser(
        net, PROCESS, second, torch.ones(1), torch.zeros(1, DIM), second
    ).double()


def power(matrix, exponent):
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.mT


def noise(t):
    return PROCESS.sigma(t) / PROCESS.alpha(t)


def slope(f, t, step=1e-6):
    return (f(t + step) - f(t - step)) / (2 * step)


def weight(law, t, weighting):
    """W'W by its definition, with P and S the posterior and the prior covariance of a Gaussian.

    For ``mode`` the inverse of the geometric mean of P and of the squared correction P^2/S. The
    others are numbers: an error e of the posterior mean is one of alpha e/sigma^2 in the score, and
    of alpha' e - sigma' alpha e/sigma in the velocity alpha' x_0 + sigma' z.
    """
    eye, s_squared = torch.eye(DIM, dtype=torch.float64), noise(t) ** 2
    if weighting == "mode":
        precision = law.covariance().inverse() + eye / s_squared
        return power(precision, 1.5) @ power(law.covariance(), 0.5)
    alpha, sigma = PROCESS.alpha(t), PROCESS.sigma(t)
    variance, score = law.covariance().diagonal().mean(), alpha / sigma**2
    velocity = slope(PROCESS.alpha, t) - slope(PROCESS.sigma, t) * alpha / sigma
    return (
        eye
        * {
            "score": (sigma * score) ** 2,
            "likelihood": (PROCESS.diffusion(t) * score) ** 2,
            "velocity": velocity**2,
            # The inverse of c_out^2 of Karras et al.
            "edm": (variance + s_squared) / (variance * s_squared),
            "min_snr": 1 / max(s_squared, variance / 5),
        }[weighting]
    )


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


@every
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


@every
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


@pytest.mark.parametrize("t", TIMES)
def test_exact_denoiser_of_a_gaussian_costs_what_each_mode_must(t, assert_mean):
    """sqrt(1 + l/s^2) in the mode weighting, with no correlations; l/(l + s^2) in the plain one."""
    law = GaussianMixture(torch.ones(1), torch.zeros(1, DIM), covariance()[None])
    x_0, time, (x_t, _) = draws(law, t)
    denoiser = learned(law)
    s, spectrum = noise(time)[:, None], torch.linalg.eigvalsh(covariance())
    residual = denoiser.posterior_mean(x_t, time) - x_0
    whitened = denoiser.whiten(residual, s)
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


def test_velocity_weighting_is_flow_matching():
    """|u - (alpha' x_0 + sigma' z)|^2 / d, u = f x_t - g^2/2 score the velocity of the flow."""
    law = wells()
    x_0, time, points = draws(law, 0.3)
    denoiser = learned(law, value=0.7)
    t = time[:, None]
    alpha, sigma, growth = PROCESS.alpha(t), PROCESS.sigma(t), slope(PROCESS.sigma, t)

    def velocity_error(x_t):
        conditional = slope(PROCESS.alpha, t) * x_0 + growth * (x_t - alpha * x_0) / sigma
        drift = PROCESS.drift_rate(t) * x_t
        flow = drift - PROCESS.diffusion(t) ** 2 / 2 * denoiser.score(x_t, time)
        return ((flow - conditional) ** 2).mean(1)

    loss = loss_of("velocity", denoiser, x_0, time)
    torch.testing.assert_close(loss, over_both(velocity_error, points), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", ["learned", "prediction", "oracle"])
def test_whitening_balances_noise_and_correction(kind):
    """Residuals are measured in the geometric mean of P = S s^2/(S + s^2) and C^2 = P^2/S.

    Whatever denoiser of the law the second moments S are taken from.
    """
    law = GaussianMixture(torch.ones(1), torch.zeros(1, DIM), covariance()[None])
    denoiser = {
        "learned": learned(law),
        "prediction": PredictionDenoiser(nn.Identity(), PROCESS, "noise", law.covariance()),
        "oracle": oracle(law, PROCESS),
    }[kind]
    eye = torch.eye(DIM, dtype=torch.float64)
    for t in (0.001, 0.01, 0.3, 1.0):
        s = noise(torch.tensor(t, dtype=torch.float64))
        posterior = (law.covariance().inverse() + eye / s**2).inverse()
        whitened = denoiser.whiten(eye, s.expand(DIM, 1))
        # The unit's square is U = sqrt(P C^2), so W'W = U^-1 and U^2 = P^3 / S: W'W P^3 W'W = S.
        gram = whitened @ whitened.mT
        cube = torch.linalg.matrix_power(posterior, 3)
        torch.testing.assert_close(gram @ cube @ gram, law.covariance(), atol=1e-5, rtol=1e-4)
        # In the eigenmodes the noise of a Gaussian law's posterior has no correlations.
        spread = whitened.mT @ posterior @ whitened
        expected = (1 + torch.linalg.eigvalsh(law.covariance()) / s**2).sqrt()
        torch.testing.assert_close(spread, expected.diag(), atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("option", ["weighting", "times"])
def test_unknown_names_are_refused(option):
    with pytest.raises(UserError, match=f"got {option}=none, expected one of"):
        DenoisingScoreMatching(**{option: "none"})


def test_modes_are_those_that_the_skip_leaves_to_learn():
    """Beneath two wells: spread by the variance of all data along u_j, correction by l_j within."""
    law = wells()
    second, within = law.covariance(), law.covariances[0]
    skip = law.weights, law.means, within
    denoiser = LearnedRealDenoiser(Constant(0.0), PROCESS, second, *skip).double()
    variances, modes = torch.linalg.eigh(within)
    s = torch.tensor(0.3, dtype=torch.float64)
    for variance, mode in zip(variances, modes.mT, strict=True):
        along = mode @ second @ mode
        spread = s * (along / (along + s**2)).sqrt()
        correction = s**2 * variance.sqrt() / (variance + s**2)
        balanced = denoiser.whiten(mode[None], s.expand(1, 1))
        length = balanced.norm()
        torch.testing.assert_close(length, 1 / (spread * correction).sqrt(), rtol=1e-4, atol=0)
        assert int((balanced.abs() > 1e-3 * length).sum()) == 1
