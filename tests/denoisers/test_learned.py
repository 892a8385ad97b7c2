"""What surrounds a network: the skip law exactly, and a residual of unit scale."""

import math

import pytest
import torch
from torch import nn

from truescore.denoisers import LearnedRealDenoiser, LearnedSpinDenoiser
from truescore.processes import SpinFlip, VariancePreserving
from truescore.targets import GaussianMixture
from truescore.targets.fitted import fit_two_wells

DIM = 6


class Answer(nn.Module):
    """Gives a fixed answer and keeps what it was asked."""

    def __init__(self, answer=0.0):
        super().__init__()
        self.answer = answer

    def forward(self, fields, noise_level):
        self.asked = fields, noise_level
        return self.answer + torch.zeros_like(fields[..., 0])


def covariance(scale=1.0):
    generator = torch.Generator().manual_seed(1)
    factor = torch.randn(DIM, DIM, dtype=torch.float64, generator=generator)
    return scale * (factor @ factor.mT / DIM + 0.05 * torch.eye(DIM))


def skip_law(name):
    """Means and covariance of the skip, float32 as the denoiser keeps them."""
    if name == "wiener":
        return torch.zeros(1, DIM), covariance().float()
    wells = torch.linspace(0.5, 1.5, DIM)
    if name == "two_wells":
        return torch.stack([wells, -wells]), covariance(0.3).float()
    return torch.stack([wells, -wells, 0 * wells + 2]), covariance(0.3).float()


def noisy(process, n=7, scale=2.0):
    generator = torch.Generator().manual_seed(2)
    t = torch.linspace(process.t_min, process.horizon, n, dtype=torch.float64)
    x_0 = scale * torch.randn(n, DIM, dtype=torch.float64, generator=generator)
    return process.perturb(x_0, t, generator), t


@pytest.mark.parametrize("name", ["wiener", "two_wells", "three components"])
def test_with_a_silent_network_it_is_the_posterior_mean_of_its_skip_law(name):
    process = VariancePreserving()
    means, shared = skip_law(name)
    denoiser = LearnedRealDenoiser(Answer(), process, covariance().float(), means, shared).double()
    k = len(means)
    law = GaussianMixture(torch.ones(k), means, shared.expand(k, DIM, DIM))
    x_t, t = noisy(process)
    _, expected = law.gaussian_posterior(x_t, process.alpha(t), process.sigma(t))
    # The eigenbasis is kept in float32: 1e-6 of the largest y = x_t / alpha.
    y = x_t / process.alpha(t)[:, None]
    torch.testing.assert_close(
        denoiser.posterior_mean(x_t, t), expected, atol=1e-6 * float(y.abs().max()), rtol=0
    )


def test_two_wells_fitted_to_data_are_a_skip_law():
    process = VariancePreserving()
    means, shared = skip_law("two_wells")
    wells = GaussianMixture(torch.ones(2), means, shared.expand(2, DIM, DIM))
    fitted = fit_two_wells(wells.sample(2000, torch.Generator().manual_seed(3)))
    denoiser = LearnedRealDenoiser(
        Answer(), process, covariance(), fitted.means, fitted.covariances[0]
    ).double()
    x_t, t = noisy(process)
    _, expected = fitted.gaussian_posterior(x_t, process.alpha(t), process.sigma(t))
    torch.testing.assert_close(denoiser.posterior_mean(x_t, t), expected, atol=2e-4, rtol=0)


def test_without_a_skip_the_network_is_all():
    process = VariancePreserving()
    second_moment = covariance()
    none = torch.zeros(0, DIM), torch.eye(DIM)
    silent = LearnedRealDenoiser(Answer(), process, second_moment, *none).double()
    x_t, t = noisy(process)
    assert torch.equal(silent.posterior_mean(x_t, t), torch.zeros_like(x_t))


@pytest.mark.parametrize("t", [0.01, 0.3, 1.0])
def test_residual_and_its_whitening_follow_the_second_moments(t):
    process, eye = VariancePreserving(), torch.eye(DIM, dtype=torch.float64)
    second_moment, none = covariance(), (torch.zeros(0, DIM), torch.eye(DIM))
    # Row k answers for the field e_k.
    denoiser = LearnedRealDenoiser(Answer(eye), process, second_moment, *none).double()
    time = torch.full((DIM,), t, dtype=torch.float64)
    residual = denoiser.posterior_mean(torch.zeros_like(eye), time)
    s_squared = (process.sigma(time[0]) / process.alpha(time[0])) ** 2
    posterior = (second_moment.inverse() + eye / s_squared).inverse()
    # s^2 sqrt(S) / (S + s^2) is sqrt(S)^-1 times the posterior covariance of a Gaussian law.
    torch.testing.assert_close(
        residual @ second_moment @ residual, posterior @ posterior, atol=1e-7, rtol=1e-5
    )
    # Whitened by the posterior's root, a covariance is measured against that posterior's.
    whitened = denoiser.whiten(eye, s_squared.sqrt().expand(DIM, 1))
    torch.testing.assert_close(whitened @ whitened.mT, posterior.inverse(), atol=1e-5, rtol=1e-5)


def test_network_sees_scaled_fields_and_log_noise():
    process = VariancePreserving()
    law = GaussianMixture(torch.ones(1), torch.zeros(1, DIM), 9 * covariance()[None])
    second_moment = law.covariance()
    net = Answer()
    denoiser = LearnedRealDenoiser(net, process, second_moment, torch.zeros(1, DIM), second_moment)
    generator = torch.Generator().manual_seed(4)
    x_0 = law.sample(20_000, generator)
    for t in (0.001, 0.3, 1.0):
        time = torch.full((len(x_0),), t)
        denoiser.posterior_mean(process.perturb(x_0, time, generator), time)
        fields, level = net.asked
        assert fields.shape == (len(x_0), DIM, 2)
        assert float(fields[..., 0].square().mean()) == pytest.approx(1, rel=0.05)
        assert 0 < float(fields[..., 1].square().mean()) < 1.1
        alpha = math.exp(-(0.1 * t + 19.9 * t**2 / 2) / 2)
        assert float(level[0]) == pytest.approx(math.log(math.sqrt(1 - alpha**2) / alpha), rel=1e-4)


def test_measured_scales_are_saved_with_the_weights():
    means, shared = skip_law("two_wells")
    first = LearnedRealDenoiser(Answer(), VariancePreserving(), covariance(), means, shared)
    second = LearnedRealDenoiser(
        Answer(), VariancePreserving(), torch.eye(DIM), torch.zeros(2, DIM), torch.eye(DIM)
    )
    second.load_state_dict(first.state_dict())
    x_t, t = (v.float() for v in noisy(VariancePreserving()))
    assert torch.equal(first.posterior_mean(x_t, t), second.posterior_mean(x_t, t))


class Levels(nn.Module):
    def forward(self, x, noise_level):
        return x * noise_level[:, None]


def test_spin_network_is_asked_at_log_time():
    x, t = torch.tensor([[1.0, -1.0], [1.0, 1.0]]), torch.tensor([0.1, 2.0])
    denoiser = LearnedSpinDenoiser(Levels(), SpinFlip(2))
    torch.testing.assert_close(denoiser.log_odds(x, t), x * t.log()[:, None])
