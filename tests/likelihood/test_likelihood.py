"""Log-likelihoods along the flow of exact denoisers against the densities they belong to."""

import pytest
import torch

from truescore.denoisers import LearnedRealDenoiser, oracle
from truescore.errors import UserError
from truescore.likelihood import importance_sampling, log_likelihood, sample_with_log_prob
from truescore.likelihood.trace import jacobian_trace
from truescore.processes import VariancePreserving
from truescore.samplers import Adaptive
from truescore.targets import GaussianMixture, GinzburgLandauChain

COVARIANCE = torch.tensor([[1.5, 0.9], [0.9, 0.8]], dtype=torch.float64)
WELL = torch.tensor([[1.0, 0.8], [-1.0, -0.8]], dtype=torch.float64)
WELLS = GaussianMixture(torch.ones(2), WELL, 0.1 * COVARIANCE.expand(2, 2, 2))
ORACLE = oracle(WELLS, VariancePreserving())


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def test_a_gaussian_has_its_log_density_in_closed_form():
    """Nothing is left to the solver: the flow of the whitened modes stands still."""
    law = GaussianMixture(torch.ones(1), torch.zeros(1, 2), COVARIANCE[None])
    x = 3 * law.sample(50, seeded(1))
    found = log_likelihood(oracle(law, VariancePreserving()), x, tolerance=0.1)
    torch.testing.assert_close(found.log_prob, law.log_prob(x), atol=1e-10, rtol=0)
    assert not found.standard_error.any()


def test_two_wells_have_their_log_density_within_the_tolerance():
    x = torch.cat([WELLS.sample(40, seeded(2)), torch.tensor([[0.0, 0.0], [2.5, -1.0]])])
    for tolerance, error in ((1e-3, 2e-2), (1e-5, 5e-3), (1e-7, 1e-4)):
        found = log_likelihood(ORACLE, x, tolerance=tolerance).log_prob
        torch.testing.assert_close(found, WELLS.log_prob(x), atol=error, rtol=0)


def test_what_is_left_out_below_t_min_is_of_the_fourth_power_of_the_noise():
    x = WELLS.sample(20, seeded(3))
    errors = []
    for noise in (0.0125, 0.025):
        t_min = VariancePreserving().time_from_log_snr(-2 * torch.tensor(noise).double().log())
        denoiser = oracle(WELLS, VariancePreserving(t_min=float(t_min)))
        found = log_likelihood(denoiser, x, tolerance=1e-8).log_prob
        errors.append(float((found - WELLS.log_prob(x)).norm()))
    assert errors[1] / errors[0] == pytest.approx(16, rel=0.2)


def test_a_gaussian_with_a_mean_has_its_log_density_where_much_signal_is_left():
    mean = torch.tensor([[3.0, -1.0]])
    law = GaussianMixture(torch.ones(1), mean, COVARIANCE[None])
    denoiser = oracle(law, VariancePreserving(beta_max=2.0))
    x = law.sample(20, seeded(15))
    found = log_likelihood(denoiser, x, tolerance=1e-6)
    torch.testing.assert_close(found.log_prob, law.log_prob(x), atol=1e-4, rtol=0)
    y, drawn = sample_with_log_prob(denoiser, 20, seeded(16), tolerance=1e-6)
    torch.testing.assert_close(drawn.log_prob, law.log_prob(y), atol=1e-4, rtol=0)


def test_a_chain_has_the_log_density_of_its_transfer_matrices():
    law = GinzburgLandauChain(3)
    x = law.sample(6, seeded(4))
    found = log_likelihood(oracle(law, VariancePreserving()), x, tolerance=1e-4)
    torch.testing.assert_close(found.log_prob, law.log_prob(x), atol=5e-3, rtol=0)


def test_points_drawn_with_their_likelihood_have_it_and_the_laws_moments(assert_mean):
    x, found = sample_with_log_prob(ORACLE, 2000, seeded(5))
    torch.testing.assert_close(found.log_prob, WELLS.log_prob(x), atol=2e-3, rtol=0)
    assert_mean(x, WELLS.mean())
    assert_mean(x[:, :, None] * x[:, None, :], WELLS.covariance(), slack=1e-3)


def test_up_and_down_agree_for_a_denoiser_that_is_no_laws():
    """A denoiser that a network might be: its flow has a density of its own, found both ways."""
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6, 4), torch.nn.Tanh())

    def fields(inputs, log_s):
        return net(inputs).view(-1, 2, 2)

    torch.nn.init.normal_(net.double()[1].weight, std=0.3, generator=seeded(6))
    process = VariancePreserving()
    skip = torch.full((len(WELL),), 1 / len(WELL)), WELL.float(), 0.1 * COVARIANCE.float()
    denoiser = LearnedRealDenoiser(fields, process, WELLS.covariance(), *skip).double()
    x, drawn = sample_with_log_prob(denoiser, 20, seeded(7), tolerance=1e-7)
    found = log_likelihood(denoiser, x, tolerance=1e-7)
    torch.testing.assert_close(found.log_prob, drawn.log_prob, atol=1e-4, rtol=0)
    assert float((found.log_prob - WELLS.log_prob(x)).abs().max()) > 0.05


def test_samples_of_a_sampler_can_be_judged():
    """Inference tensors in, plain numbers out."""
    x = Adaptive().sample(ORACLE, 10, 2, seeded(8))
    found = log_likelihood(ORACLE, x)
    torch.testing.assert_close(found.log_prob, WELLS.log_prob(x), atol=2e-3, rtol=0)


def test_exact_trace_is_that_of_finite_differences():
    x, t = WELLS.sample(5, seeded(9)).double(), torch.full((5,), 0.3, dtype=torch.float64)
    expected, step = torch.zeros(5, dtype=torch.float64), 1e-5
    for site in range(2):
        shift = step * torch.eye(2).double()[site]
        rise = ORACLE.posterior_mean(x + shift, t) - ORACLE.posterior_mean(x - shift, t)
        expected += rise[:, site] / (2 * step)
    found = jacobian_trace(ORACLE, x, t, None)
    torch.testing.assert_close(found, expected[None], atol=1e-8, rtol=0)


def test_hutchinsons_estimate_is_unbiased_and_tells_its_error(assert_mean):
    x = WELLS.sample(300, seeded(10))
    found = log_likelihood(ORACLE, x, n_probes=6, generator=seeded(11))
    error = found.log_prob - WELLS.log_prob(x)
    assert_mean(error, 0.0, slack=2e-3)
    # Scatter about the truth, and the scatter that the probes announce; both have relative errors
    # of a few per cent at 300 points.
    assert float((error**2).mean()) == pytest.approx(
        float((found.standard_error**2).mean()), rel=0.5
    )
    assert float(found.standard_error.mean()) > 0.1


@pytest.mark.parametrize("options", [{"n_probes": 1, "generator": seeded(0)}, {"n_probes": 4}])
def test_probes_need_a_number_and_a_generator(options):
    with pytest.raises(UserError, match="at least 2 probes and a torch.Generator"):
        log_likelihood(ORACLE, WELL, **options)


def test_weights_of_two_gaussians_follow_the_closed_forms():
    """p = N(0, 1), q = N(0, s^2): E_q (p/q)^2 = s^2 / sqrt(2 s^2 - 1)."""
    n, s, log_z = 100_000, 1.3, 2.5
    x = s * torch.randn(n, dtype=torch.float64, generator=seeded(12))
    log_q = -((x / s) ** 2) / 2 - torch.tensor(2 * torch.pi * s**2).double().log() / 2
    log_p = log_z - x**2 / 2 - torch.tensor(2 * torch.pi).double().log() / 2
    found = importance_sampling(log_p, log_q)
    second = s**2 / (2 * s**2 - 1) ** 0.5
    assert float(found.weights.sum()) == pytest.approx(1)
    assert found.effective_sample_size == pytest.approx(n / second, rel=0.02)
    assert found.standard_error == pytest.approx(((second - 1) / n) ** 0.5, rel=0.05)
    assert abs(found.log_normalizer - log_z) < 5 * found.standard_error


def test_samples_of_the_wrong_law_give_the_right_normalizer_of_a_chain():
    """Drawn from the Gaussian with the chain's moments, weighed by its Boltzmann factor."""
    law = GinzburgLandauChain(3)
    gaussian = GaussianMixture(torch.ones(1), torch.zeros(1, 3), law.covariance()[None])
    denoiser = oracle(gaussian, VariancePreserving())
    x, drawn = sample_with_log_prob(denoiser, 4000, seeded(13), tolerance=0.1)
    found = importance_sampling(-law.energy(x) / law.temperature, drawn.log_prob)
    assert abs(found.log_normalizer - law.log_normalizer) < 5 * found.standard_error
    assert found.standard_error < 0.05
    assert found.effective_sample_size < 3800


def test_one_law_twice_has_weights_that_are_all_alike():
    x, drawn = sample_with_log_prob(ORACLE, 200, seeded(14))
    found = importance_sampling(WELLS.log_prob(x), drawn.log_prob)
    assert found.effective_sample_size == pytest.approx(200, abs=0.1)
    assert found.log_normalizer == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    ("log_p", "log_q", "message"),
    [
        (torch.zeros(3), torch.zeros(4), "expected .n,. both"),
        (torch.zeros(1), torch.zeros(1), "n >= 2"),
        (torch.zeros(3), torch.tensor([0.0, float("inf"), 0.0]), "not finite"),
    ],
)
def test_weights_of_what_does_not_fit_are_refused(log_p, log_q, message):
    with pytest.raises(UserError, match=message):
        importance_sampling(log_p, log_q)
