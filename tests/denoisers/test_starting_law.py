"""The Gaussian that samplers of reals start from: mean and covariance of x_T, and its density."""

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from truescore.denoisers import LearnedRealDenoiser, PredictionDenoiser, oracle
from truescore.processes import EDM, RectifiedFlow, VariancePreserving, gaussian_prior_kl
from truescore.samplers.gaussian_law import moments
from truescore.samplers.whitened import WhitenedModes
from truescore.targets import GaussianMixture, GinzburgLandauChain, SwissRoll

MEAN = torch.tensor([1.0, -0.5, 2.0], dtype=torch.float64)
COVARIANCE = torch.tensor([[1.5, 0.9, 0.0], [0.9, 0.8, 0.1], [0.0, 0.1, 4.0]], dtype=torch.float64)
EYE = torch.eye(3, dtype=torch.float64)
GAUSSIAN = GaussianMixture(torch.ones(1), MEAN[None], COVARIANCE[None])
# Of much, little and no signal left.
PROCESSES = [EDM(sigma_max=0.5), VariancePreserving(beta_max=2.0), RectifiedFlow()]


def scales(process):
    t = torch.tensor(process.horizon, dtype=torch.float64)
    return process.alpha(t), process.sigma(t)


def noisy_law(process):
    """p_T of the Gaussian."""
    alpha, sigma = scales(process)
    return MultivariateNormal(alpha * MEAN, alpha**2 * COVARIANCE + sigma**2 * EYE)


@pytest.mark.parametrize("process", PROCESSES)
def test_a_gaussian_starts_from_its_own_noisy_law(process):
    """Mean and covariance of the draws are read off exactly, so that KL is 0 to rounding."""
    denoiser = oracle(GAUSSIAN, process)
    start = moments(lambda n: denoiser.sample_prior(n, 3, torch.Generator()))
    assert float(kl_divergence(noisy_law(process), MultivariateNormal(*start))) < 1e-12


@pytest.mark.parametrize("process", PROCESSES)
def test_its_density_is_known(process):
    denoiser = oracle(GAUSSIAN, process)
    x = 3 * torch.randn(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    t = torch.full((50,), process.horizon, dtype=torch.float64)
    modes = WhitenedModes(denoiser, t)
    found = denoiser.prior_log_prob(modes.whiten(x)) - modes.spread.log().sum(-1)
    torch.testing.assert_close(found, noisy_law(process).log_prob(x), atol=1e-10, rtol=0)


def test_the_swiss_roll_starts_nearer_for_its_mean():
    """KL(p_T || N(0, M)) - KL(p_T || N(m, S)) = KL(N(m, S) || N(0, M)), by quadrature."""
    roll, process = SwissRoll(), EDM(sigma_max=0.5)
    exact, t = oracle(roll, process), torch.tensor([0.5], dtype=torch.float64)
    line = torch.linspace(-4.5, 4.5, 181, dtype=torch.float64)
    x = torch.cartesian_prod(line, line)
    t_x, cell = t.expand(len(x)), float(line[1] - line[0]) ** 2
    log_p = exact.log_prob(x, t_x)
    assert float(log_p.exp().sum()) * cell == pytest.approx(1, abs=1e-9)
    modes = WhitenedModes(exact, t_x)
    w, volume = modes.whiten(x), modes.spread.log().sum(-1)
    about_zero = MultivariateNormal(torch.zeros(2).double(), torch.eye(2).double())
    nearer = exact.prior_log_prob(w) - volume
    further = about_zero.log_prob(w) - volume
    kl, kl_about_zero = (
        float((log_p.exp() * (log_p - log_q)).sum()) * cell for log_q in (nearer, further)
    )
    gained = float(gaussian_prior_kl(process, roll.mean(), roll.covariance(), t, "second_moments"))
    assert kl_about_zero - kl == pytest.approx(gained, rel=1e-6)
    assert 0 < kl < 0.85 * kl_about_zero


def kinds(process, mean=None):
    second = COVARIANCE + MEAN.outer(MEAN)
    skip = torch.zeros(0), torch.zeros(0, 3), second
    return [
        PredictionDenoiser(torch.nn.Identity(), process, "v", second, mean),
        LearnedRealDenoiser(torch.nn.Identity(), process, second, *skip, mean),
    ]


@pytest.mark.parametrize("kind", [0, 1], ids=["prediction", "correction"])
def test_networks_start_from_the_moments_they_keep(kind):
    process = VariancePreserving(beta_max=2.0)
    denoiser = kinds(process, MEAN)[kind]
    start = moments(lambda n: denoiser.sample_prior(n, 3, torch.Generator()))
    assert float(kl_divergence(noisy_law(process), MultivariateNormal(*start))) < 1e-10


@pytest.mark.parametrize("kind", [0, 1], ids=["prediction", "correction"])
def test_weights_without_a_mean_start_as_they_did(kind):
    process = VariancePreserving(beta_max=2.0)
    first, later = kinds(process)[kind], kinds(process, MEAN)[kind]
    old = {name: value for name, value in first.state_dict().items() if name != "mean"}
    later.load_state_dict(old)
    alpha, sigma = scales(process)
    z = torch.randn(5, 3, generator=torch.Generator().manual_seed(2))
    scale = (float(alpha) ** 2 * later.spectrum + float(sigma) ** 2).sqrt()
    drawn = later.sample_prior(5, 3, torch.Generator().manual_seed(2))
    assert torch.equal(drawn, z @ (scale * later.basis).mT)


def test_a_symmetric_law_keeps_its_noise_bit_by_bit():
    exact = oracle(GinzburgLandauChain(5), VariancePreserving())
    z = torch.randn(40, 5, generator=torch.Generator().manual_seed(3))
    assert torch.equal(exact.prior_modes(z), z)
