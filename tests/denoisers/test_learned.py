"""What surrounds a network: the skip law exactly, and corrections of the size they can have."""

import math

import pytest
import torch
from torch import nn

from truescore.denoisers import LearnedCategoricalDenoiser, LearnedRealDenoiser, LearnedSpinDenoiser
from truescore.processes import Absorbing, SpinFlip, UniformJump, VariancePreserving
from truescore.targets import GaussianMixture
from truescore.targets.fitted import fit_two_wells

DIM = 6


class Answer(nn.Module):
    """Gives a fixed local and a fixed modal answer and keeps what it was asked."""

    def __init__(self, local=0.0, modal=0.0):
        super().__init__()
        self.local, self.modal = local, modal

    def forward(self, fields, noise_level):
        self.asked = fields, noise_level
        zero = torch.zeros_like(fields[..., 0])
        return torch.stack([self.local + zero, self.modal + zero], -1)


def covariance(scale=1.0):
    generator = torch.Generator().manual_seed(1)
    factor = torch.randn(DIM, DIM, dtype=torch.float64, generator=generator)
    return scale * (factor @ factor.mT / DIM + 0.05 * torch.eye(DIM))


def skip_law(name):
    """Weights, means and covariance of the skip, float32 as the denoiser keeps them."""
    if name == "none":
        return torch.zeros(0), torch.zeros(0, DIM), covariance().float()
    if name == "wiener":
        return torch.ones(1), torch.zeros(1, DIM), covariance().float()
    wells = torch.linspace(0.5, 1.5, DIM)
    if name == "two_wells":
        return torch.full((2,), 0.5), torch.stack([wells, -wells]), covariance(0.3).float()
    weights = torch.tensor([0.5, 0.3, 0.2])
    return weights, torch.stack([wells, -wells, 0 * wells + 2]), covariance(0.3).float()


def noisy(process, n=7, scale=2.0):
    generator = torch.Generator().manual_seed(2)
    t = torch.linspace(process.t_min, process.horizon, n, dtype=torch.float64)
    x_0 = scale * torch.randn(n, DIM, dtype=torch.float64, generator=generator)
    return process.perturb(x_0, t, generator), t


@pytest.mark.parametrize("name", ["wiener", "two_wells", "three components"])
def test_with_a_silent_network_it_is_the_posterior_mean_of_its_skip_law(name):
    process = VariancePreserving()
    weights, means, shared = skip_law(name)
    second_moment = covariance().float()
    denoiser = LearnedRealDenoiser(Answer(), process, second_moment, weights, means, shared)
    denoiser = denoiser.double()
    k = len(means)
    law = GaussianMixture(weights, means, shared.expand(k, DIM, DIM))
    x_t, t = noisy(process)
    _, expected = law.gaussian_posterior(x_t, process.alpha(t), process.sigma(t))
    if k > 2:
        gaussian = GaussianMixture(torch.ones(1), 0 * means[:1], second_moment[None])
        _, wiener = gaussian.gaussian_posterior(x_t, process.alpha(t), process.sigma(t))
        s = (process.sigma(t) / process.alpha(t))[:, None]
        share = 1 / (1 + (2 * torch.linalg.eigvalsh(shared.double())[-1] / s**2) ** 3)
        expected = share * expected + (1 - share) * wiener
    # The eigenbasis is kept in float32: 1e-6 of the largest y = x_t / alpha.
    y = x_t / process.alpha(t)[:, None]
    torch.testing.assert_close(
        denoiser.posterior_mean(x_t, t), expected, atol=1e-6 * float(y.abs().max()), rtol=0
    )


def test_two_wells_fitted_to_data_are_a_skip_law():
    process = VariancePreserving()
    weights, means, shared = skip_law("two_wells")
    wells = GaussianMixture(weights, means, shared.expand(2, DIM, DIM))
    fitted = fit_two_wells(wells.sample(2000, torch.Generator().manual_seed(3)))
    denoiser = LearnedRealDenoiser(
        Answer(), process, covariance(), fitted.weights, fitted.means, fitted.covariances[0]
    ).double()
    x_t, t = noisy(process)
    _, expected = fitted.gaussian_posterior(x_t, process.alpha(t), process.sigma(t))
    torch.testing.assert_close(denoiser.posterior_mean(x_t, t), expected, atol=2e-4, rtol=0)


def test_without_a_skip_the_network_is_all():
    process = VariancePreserving()
    second_moment = covariance()
    silent = LearnedRealDenoiser(Answer(), process, second_moment, *skip_law("none")).double()
    x_t, t = noisy(process)
    assert torch.equal(silent.posterior_mean(x_t, t), torch.zeros_like(x_t))


def moments(process, t):
    """Second moments S, noise s, and the posterior covariance (S^-1 + 1/s^2)^-1 of a Gaussian."""
    second_moment, eye = covariance(), torch.eye(DIM, dtype=torch.float64)
    t = torch.tensor(t, dtype=torch.float64)
    s = process.sigma(t) / process.alpha(t)
    return second_moment, s, (second_moment.inverse() + eye / s**2).inverse()


def corrections(process, t, local=0.0, modal=0.0, skip="none"):
    """What the network's answers become: row k answers for the field e_k."""
    silent = LearnedRealDenoiser(Answer(), process, covariance(), *skip_law(skip)).double()
    net = Answer(local, modal)
    denoiser = LearnedRealDenoiser(net, process, covariance(), *skip_law(skip)).double()
    zero = torch.zeros(DIM, DIM, dtype=torch.float64)
    time = torch.full((DIM,), t, dtype=torch.float64)
    return denoiser.posterior_mean(zero, time) - silent.posterior_mean(zero, time)


LEVELS = pytest.mark.parametrize("t", [0.001, 0.01, 0.3, 1.0])


@LEVELS
def test_modal_corrections_follow_the_second_moments(t):
    process, eye = VariancePreserving(), torch.eye(DIM, dtype=torch.float64)
    second_moment, _, posterior = moments(process, t)
    correction = corrections(process, t, modal=eye)
    # s^2 sqrt(S) / (S + s^2) is the posterior covariance P by sqrt(S): positive, C S C = P^2.
    square = posterior @ posterior
    torch.testing.assert_close(
        correction @ second_moment @ correction, square, atol=1e-6 * float(square.max()), rtol=1e-5
    )
    assert (torch.linalg.eigvalsh(correction) > 0).all()


def test_corrections_of_a_mixture_follow_its_common_covariance():
    """Not the second moments: what lies between the components is the skip's own to say."""
    process, eye = VariancePreserving(), torch.eye(DIM, dtype=torch.float64)
    within = skip_law("two_wells")[2].double()
    t = torch.tensor(0.3, dtype=torch.float64)
    s = process.sigma(t) / process.alpha(t)
    posterior = (within.inverse() + eye / s**2).inverse()
    fade = 1 / (1 + (s**2 / (8 * torch.linalg.eigvalsh(covariance()).amax())) ** 4)
    correction = corrections(process, 0.3, modal=eye, skip="two_wells") / fade
    torch.testing.assert_close(
        correction @ within @ correction, posterior @ posterior, atol=1e-6, rtol=1e-5
    )


def test_noise_that_hides_all_but_second_moments_fades_the_network_out():
    process, eye = VariancePreserving(), torch.eye(DIM, dtype=torch.float64)
    largest = torch.linalg.eigvalsh(covariance()).amax()
    for t in (0.3, 1.0):
        faded = corrections(process, t, modal=eye, skip="wiener")
        _, s, _ = moments(process, t)
        expected = corrections(process, t, modal=eye) / (1 + (s**2 / (8 * largest)) ** 4)
        torch.testing.assert_close(faded, expected, atol=1e-7, rtol=1e-5)
    assert faded.norm() < 1e-4 * corrections(process, 1.0, modal=eye).norm()


@LEVELS
def test_local_corrections_have_the_size_of_a_site_given_all_others(t):
    """The harmonic mean over sites of that variance, 1 / (S^-1)_ii; each site alone."""
    process, eye = VariancePreserving(), torch.eye(DIM, dtype=torch.float64)
    second_moment, s, _ = moments(process, t)
    v = DIM / float(second_moment.inverse().trace())
    size = s**2 * math.sqrt(v) / (v + s**2)
    torch.testing.assert_close(
        corrections(process, t, local=eye), size * eye, atol=1e-12, rtol=1e-5
    )


def test_corrections_add_to_the_skip():
    """Local, modal and skip, each as if the others were not there."""
    process = VariancePreserving()
    x_t, t = noisy(process)
    generator = torch.Generator().manual_seed(5)
    local, modal = torch.randn(2, len(t), DIM, dtype=torch.float64, generator=generator)

    def mean(name, *answers):
        net = Answer(*answers)
        denoiser = LearnedRealDenoiser(net, process, covariance(), *skip_law(name)).double()
        return denoiser.posterior_mean(x_t, t)

    parts = mean("two_wells", local) + mean("two_wells", 0.0, modal) - mean("two_wells")
    torch.testing.assert_close(mean("two_wells", local, modal), parts)


def test_network_sees_scaled_fields_and_log_noise():
    process = VariancePreserving()
    law = GaussianMixture(torch.ones(1), torch.zeros(1, DIM), 9 * covariance()[None])
    second_moment = law.covariance()
    net = Answer()
    denoiser = LearnedRealDenoiser(
        net, process, second_moment, torch.ones(1), torch.zeros(1, DIM), second_moment
    )
    generator = torch.Generator().manual_seed(4)
    x_0 = law.sample(20_000, generator)
    for t in (0.001, 0.3, 1.0):
        time = torch.full((len(x_0),), t)
        denoiser.posterior_mean(process.perturb(x_0, time, generator), time)
        fields, level = net.asked
        assert fields.shape == (len(x_0), DIM, 3)
        assert torch.equal(fields[..., 2], fields[..., 1] ** 3)
        assert float(fields[..., 0].square().mean()) == pytest.approx(1, rel=0.05)
        assert 0 < float(fields[..., 1].square().mean()) < 1.1
        alpha = math.exp(-(0.1 * t + 19.9 * t**2 / 2) / 2)
        assert float(level[0]) == pytest.approx(math.log(math.sqrt(1 - alpha**2) / alpha), rel=1e-4)


def test_measured_scales_are_saved_with_the_weights():
    process, eye = VariancePreserving(), torch.eye(DIM)
    first = LearnedRealDenoiser(Answer(), process, covariance(), *skip_law("two_wells"))
    second = LearnedRealDenoiser(Answer(), process, eye, torch.ones(2), torch.zeros(2, DIM), eye)
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


class Channels(nn.Module):
    def forward(self, x, noise_level):
        self.seen, self.levels = x, noise_level
        return x[..., :3] + noise_level[:, None, None]


@pytest.mark.parametrize("process", [UniformJump(4, 3), Absorbing(4, 3, False)], ids=["q", "mask"])
def test_a_network_of_states_reads_symbols_and_answers_with_logits(process):
    denoiser = LearnedCategoricalDenoiser(Channels(), process)
    m = len(process.symbols)
    x_t, t = torch.arange(8.0).reshape(2, 4) % m, torch.tensor([0.1, 0.4])
    log_probs = denoiser.clean_log_probs(x_t, t)
    assert torch.equal(denoiser.net.seen, torch.eye(m)[x_t.long()])
    torch.testing.assert_close(denoiser.net.levels, process.schedule.value(t).log())
    torch.testing.assert_close(log_probs, torch.eye(m)[x_t.long()][..., :3].log_softmax(-1))
    noisy = denoiser.noisy_log_probs(x_t, t)
    torch.testing.assert_close(noisy.logsumexp(-1), torch.zeros(2, 4))
    kept = process.alpha(t)[:, None, None]
    if m == 4:
        torch.testing.assert_close(noisy[..., :3].exp(), kept * log_probs.exp())
    else:
        torch.testing.assert_close(noisy.exp(), kept * log_probs.exp() + (1 - kept) / 3)
